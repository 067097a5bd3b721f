"""Series of bookings: a repeating wish, and the occurrences that it produced."""
