"""Matches: which labs can do what a request needs, in which order, and why."""
