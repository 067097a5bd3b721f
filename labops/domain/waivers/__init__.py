"""Waivers: signed texts with versions, and the guardians who sign for minors."""
