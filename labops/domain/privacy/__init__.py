"""Privacy: what is held about a person, who looked at it, what she agreed to, how long it stays."""
