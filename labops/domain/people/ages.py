"""How old people are, and from when they answer for themselves."""

from __future__ import annotations

from datetime import date

OF_AGE = 18  # article 2 of the Italian civil code


def age_on(day: date, born_on: date) -> int:
    """Return how old somebody is on the day, in whole years; leap-day birthdays fall in March."""
    had_birthday = (day.month, day.day) >= (born_on.month, born_on.day)
    return day.year - born_on.year - (not had_birthday)


def is_minor(born_on: date | None, day: date) -> bool:
    """Say whether somebody is known to be a minor on the day."""
    return born_on is not None and age_on(day, born_on) < OF_AGE
