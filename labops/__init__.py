"""labops: bookings, check-in and the city's qualified list for makerspaces."""

__version__ = "0.1.0"
