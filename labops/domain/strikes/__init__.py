"""Strikes: bookings that nobody came for, or that were given up too late."""
