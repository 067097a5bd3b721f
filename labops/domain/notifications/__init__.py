"""Telling people what happened: whom, what about, and what became of it."""
