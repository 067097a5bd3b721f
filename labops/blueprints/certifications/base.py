"""The blueprint of certifications."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("certifications", __name__)
