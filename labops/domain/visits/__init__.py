"""Visits: who is in the building since when, how they came in, and who is still to be found."""
