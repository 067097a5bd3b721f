"""Closures: spans when a site or one of its spaces is shut."""
