"""The list of labs as open data."""

from labops.blueprints.open_data import routes
from labops.blueprints.open_data.base import bp

__all__ = ["bp", "routes"]
