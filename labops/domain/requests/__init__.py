"""Requests: what a firm needs made, in its own words and as read from them."""
