"""Stations: the QR codes on doors and machines, and what was scanned there."""
