"""Maintenance: planned or urgent work on machines, which claims their time."""
