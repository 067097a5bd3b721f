"""The blueprint of member lists."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("member_lists", __name__)
