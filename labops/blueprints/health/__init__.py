"""What those who run the installation ask of it: is it alive, is it ready, how is it doing."""

from labops.blueprints.health.routes import bp

__all__ = ["bp"]
