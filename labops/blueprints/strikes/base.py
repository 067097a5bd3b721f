"""The blueprint of strikes."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("strikes", __name__, url_prefix="/strikes")
