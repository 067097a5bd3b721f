"""Quizzes: question banks in both languages, drawn at random, passed or tried again."""
