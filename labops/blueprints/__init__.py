"""How a browser, a phone or a program reaches the use cases."""

from __future__ import annotations

import importlib
import pkgutil

from flask import Blueprint

NAMES = (
    "pages",
    "accounts",
    "people",
    "machines",
    "sites",
    "bookings",
    "feeds",
    "stations",
    "staff",
    "health",
    "api",
)
BLUEPRINTS: list[Blueprint] = []
for _name in NAMES:
    if any(m.name == _name for m in pkgutil.iter_modules(__path__)):
        BLUEPRINTS.append(importlib.import_module(f"labops.blueprints.{_name}").bp)
