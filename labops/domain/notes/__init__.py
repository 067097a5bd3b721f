"""What staff write down about a person, for the right readers."""
