"""Qualifications: who has a place on the list, and since when."""
