"""Who reads a note."""

from __future__ import annotations

from enum import StrEnum

LONGEST_NOTE = 4_000


class Visibility(StrEnum):
    """Who reads a note besides whoever wrote it: staff and managers are those of its site."""

    STAFF = "staff"
    MANAGERS = "managers"
    PERSON = "person"  # all staff of the site, and the person herself
