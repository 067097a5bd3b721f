"""What people, staff and the clock do to bookings, as steps of a state machine."""
