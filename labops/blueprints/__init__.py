"""How a browser, a phone or a program reaches the use cases."""

from __future__ import annotations

import importlib
import pkgutil
import sys

from flask import Blueprint

NAMES = ("pages", "accounts", "people", "machines", "sites", "bookings", "feeds", "stations", "staff", "health", "api")
BLUEPRINTS: list[Blueprint] = []
for _name in NAMES:
    if any(m.name == _name for m in pkgutil.iter_modules(__path__)):
        try:
            BLUEPRINTS.append(importlib.import_module(f"labops.blueprints.{_name}").bp)
        except (ImportError, AttributeError) as _error:  # while parts are being written
            print("blueprint not loaded:", _name, _error, file=sys.stderr)
