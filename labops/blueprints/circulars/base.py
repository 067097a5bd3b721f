"""The blueprint of circulars."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("circulars", __name__, url_prefix="/circulars")
