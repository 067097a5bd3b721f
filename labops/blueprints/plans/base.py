"""The blueprint of plans and accounts."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("plans", __name__)
