"""Single entries in plain words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labops.blueprints import limits_in_words, rules_after_in_words, rules_in_words
from labops.blueprints.house_rules.base import Ground
from labops.domain.house_rules import entries
from labops.domain.house_rules.atoms import Wrong
from labops.domain.house_rules.editing import Entry
from labops.domain.house_rules.reading import readers

_WORDS: dict[str, Callable[[Any], str]] = {
    "sessions": lambda found: rules_in_words.session_in_words(found[0]),
    "overnight": lambda found: rules_in_words.overnight_in_words(found) if found else "",
    "releases": lambda found: rules_in_words.release_in_words(found[0]),
    "audiences": lambda found: rules_in_words.audience_in_words(found[0]),
    "quotas": lambda found: " ".join(limits_in_words.quotas_in_words(found)),
    "limits": lambda found: " ".join(limits_in_words.bound_in_words(found)),
    "late_charges": lambda found: rules_after_in_words.charge_in_words(found[0]),
    "strikes": lambda found: " ".join(rules_after_in_words.strikes_in_words(found)),
    "fields": lambda found: " ".join(rules_after_in_words.fields_in_words(found)),
    "prices": lambda found: " ".join(rules_after_in_words.prices_in_words(found)),
}


def entry_in_words(ground: Ground, entry: Entry) -> str:
    """Return what an entry says; as it is written, where it cannot be read any more."""
    try:
        if entry.kind == "timetables":
            table = entries.timetable(entry.which, entry.value)
            return f"{table.name}: {limits_in_words.hours_in_words(table)}"
        _field, read = readers(ground.timetables)[entry.kind]
        wrapped = entry.value
        if entry.kind == "sessions":
            wrapped = {entry.which: entry.value}
        elif entry.kind not in {"overnight", "strikes"}:
            wrapped = [entry.value]
        return _WORDS[entry.kind.removeprefix("add_")](read(wrapped))
    except Wrong:
        return str(entry.value)
