"""Spaces: rooms and areas inside a site. Also the bookable, which a space and a machine are."""
