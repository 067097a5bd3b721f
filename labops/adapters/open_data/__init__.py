"""The list of labs as open data, in every format that programs of others read."""
