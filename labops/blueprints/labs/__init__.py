"""Pages of labs."""

from labops.blueprints.labs import editing, machines, officers, people, routes
from labops.blueprints.labs.base import bp

__all__ = ["bp", "editing", "machines", "officers", "people", "routes"]
