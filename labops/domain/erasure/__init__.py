"""Erasing a person: what becomes of every trace, and that she stays erased."""
