"""Incidents: reports that a machine is faulty, and what became of them."""
