"""Speed, measured as ratios to a bare Flask route under the same server in the same run."""
