"""Sites: physical addresses with their own zone, opening hours, house rules and staff."""
