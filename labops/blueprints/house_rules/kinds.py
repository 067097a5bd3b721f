"""Kinds of values: how a key of house rules becomes fields of a form, and fields the key again.

A kind makes the fields, fills them from the data, and says what they mean as data. An empty
field says nothing (`SILENT`): then what the levels below say holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from wtforms import Form, validators

from labops.blueprints.house_rules.fields import Clock, Lengths, Lines, Money, Names
from labops.blueprints.sites.fields import Length, Whole, Words
from labops.blueprints.sites.fields import needed as must_be_filled
from labops.blueprints.sites.words import minutes

SILENT: Final = object()


@dataclass(frozen=True, slots=True)
class Known:
    """What a form offers to choose from: names, and slugs with their names."""

    timetables: tuple[str, ...] = ()
    categories: tuple[tuple[str, str], ...] = ()
    machines: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of the data: its path (`exempt.walk_in`), its kind, and how a page calls it.

    A `needed` one must be filled in; a `condition` stands with the others at the end.
    """

    path: str
    kind: Kind
    label: Any
    help: Any = ""
    needed: bool = False
    condition: bool = False

    @property
    def field(self) -> str:
        """Return what its field is called in the form."""
        return self.path.replace(".", "__")


class Kind:
    """A kind whose key is one field that is called as the key."""

    def fields(self, key: Key, known: Known) -> dict[str, Any]:
        """Return the fields of the key, not yet bound to a form."""
        return {key.field: self.make(key, known)}

    def make(self, key: Key, known: Known) -> Any:
        """Return the one field."""
        raise NotImplementedError

    def filled(self, key: Key, value: Any) -> dict[str, Any]:
        """Return what the fields hold when the data has the value."""
        return {key.field: self.shown(value)}

    def shown(self, value: Any) -> Any:
        """Return what the one field holds."""
        return value

    def read(self, key: Key, form: Form) -> Any:
        """Return the value that the fields mean, or `SILENT`; puts errors at the fields."""
        data = form[key.field].data
        return SILENT if data is None or data == "" else self.said(data)

    def said(self, data: Any) -> Any:
        """Return the value that the one field means."""
        return data


def usual(key: Key) -> dict[str, Any]:
    """Return what every field is made with."""
    check = must_be_filled() if key.needed else validators.Optional()
    return {"label": key.label, "validators": [check], "description": key.help}


class Simple(Kind):
    """A field that reads text into the very value, or into what `said` makes of it."""

    def __init__(
        self,
        field: Callable[..., Any],
        *,
        said: Callable[[Any], Any] = lambda data: data,
        shown: Callable[[Any], Any] = lambda value: value,
        **more: Any,
    ) -> None:
        self._field, self._said, self._shown, self._more = field, said, shown, more

    def make(self, key: Key, known: Known) -> Any:
        """Return the one field."""
        del known
        return self._field(**usual(key), **self._more)

    def shown(self, value: Any) -> Any:
        """Return what the one field holds."""
        return self._shown(value)

    def said(self, data: Any) -> Any:
        """Return the value that the one field means."""
        return self._said(data)


def of_minutes(value: int) -> timedelta:
    return timedelta(minutes=value)


MINUTES = Simple(Length, said=minutes, shown=of_minutes)
MANY_MINUTES = Simple(
    Lengths,
    said=lambda lengths: [minutes(one) for one in lengths],
    shown=lambda values: [of_minutes(value) for value in values],
)
COUNT = Simple(Whole)
CLOCK = Simple(Clock, shown=str)
CLOCK_OR_OFF = Simple(Clock, can_be_off=True, shown=lambda value: value or "")
TEXT = Simple(Words)
NAMES = Simple(Names)
MONEY = Simple(Money)
LINES = Simple(Lines)
