"""The blueprint of screens on the wall."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("displays", __name__)
