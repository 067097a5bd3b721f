"""Shared ground: what every feature stands on. Imports no feature."""
