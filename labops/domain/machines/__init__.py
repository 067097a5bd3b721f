"""Machines and machine types: the inventory."""
