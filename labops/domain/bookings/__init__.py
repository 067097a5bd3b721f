"""Bookings: a person's claims on machines, decided by the house rules, kept by the ledger."""
