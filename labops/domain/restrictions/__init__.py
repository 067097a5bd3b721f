"""Restrictions and top-ups: what one person may book less, or more, than others."""
