"""Backups of this installation: which were taken, how they went, which are kept."""
