"""The blueprint of backups."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("backups", __name__, url_prefix="/backups")
