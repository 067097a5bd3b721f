"""The blueprint of onboarding."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("onboarding", __name__)
