"""Quizzes: taking them, and writing them with their banks, files and numbers."""

from __future__ import annotations

from labops.blueprints.quizzes import banks, numbers, questions, taking, writing
from labops.blueprints.quizzes.base import bp

__all__ = ["banks", "bp", "numbers", "questions", "taking", "writing"]
