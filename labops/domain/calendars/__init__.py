"""Calendars: addresses where a person's bookings can be subscribed to."""
