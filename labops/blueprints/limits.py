"""How often one address may try what can be guessed."""

from __future__ import annotations

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(key_func=get_remote_address, headers_enabled=True, default_limits=[])

SIGN_IN = "20 per minute; 100 per hour"
MAIL = "6 per minute; 30 per hour"


def init_app(app: Flask) -> None:
    """Count in Redis when there is one, else in each worker's memory."""
    settings = app.config["LABOPS"]
    app.config["RATELIMIT_ENABLED"] = settings.rate_limits
    app.config["RATELIMIT_STORAGE_URI"] = settings.redis_url or "memory://"
    limiter.init_app(app)
