"""Circulars: one letter to many people, chosen by what is known of them."""
