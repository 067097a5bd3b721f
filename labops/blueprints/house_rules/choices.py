"""Kinds of values that are chosen: boxes to tick, one of a list, several of a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Form
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types

from labops.blueprints import formats
from labops.blueprints.house_rules.fields import Ticks, weekday_choices
from labops.blueprints.house_rules.kinds import SILENT, Key, Kind, Known, of_minutes, usual
from labops.blueprints.sites.fields import Choice
from labops.domain.house_rules.values import GRIDS


def _offered(choices: Sequence[tuple[str, Any]]) -> list[Any]:
    return [SelectChoice(value, label) for value, label in choices]


class Tick(Kind):
    """A box; unticked and ticked both say something, what is usual is left out."""

    def __init__(self, *, usually: bool = False) -> None:
        self._usually = usually

    def make(self, key: Key, known: Known) -> Any:
        """Return the box."""
        del known
        return BooleanField(key.label, description=key.help, default=self._usually)

    def read(self, key: Key, form: Form) -> Any:
        """Return what is not as usual."""
        ticked = bool(form[key.field].data)
        return SILENT if ticked is self._usually else ticked


class Pick(Kind):
    """One of a list; silent choices have an empty value and stand first."""

    def __init__(
        self,
        choices: Callable[[Known], Sequence[tuple[str, Any]]],
        *,
        silent: Any = None,
        said: Callable[[str], Any] = lambda data: data,
        shown: Callable[[Any], Any] = str,
    ) -> None:
        self._choices, self._silent, self._said, self._shown = choices, silent, said, shown

    def make(self, key: Key, known: Known) -> Any:
        """Return the list."""
        silent = [] if self._silent is None else [("", self._silent)]
        return Choice(**usual(key), choices=_offered([*silent, *self._choices(known)]))

    def shown(self, value: Any) -> Any:
        """Return the choice that stands for the value."""
        return self._shown(value)

    def said(self, data: Any) -> Any:
        """Return the value of the choice."""
        return self._said(data)


AS_BELOW = _l("As it is otherwise")
_OFF = "-"


def words_of(words: Mapping[Any, Any]) -> Callable[[Known], list[tuple[str, Any]]]:
    """Return the choices of an enumeration, with their names."""
    return lambda _known: [(str(value), name) for value, name in words.items()]


def one_of(words: Mapping[Any, Any], *, silent: Any = None) -> Pick:
    """Return the kind of one word of an enumeration."""
    return Pick(words_of(words), silent=silent)


def _grids(_known: Known) -> list[tuple[str, Any]]:
    steps = [(str(n), formats.duration(of_minutes(n))) for n in GRIDS]
    return [("1", _l("No steps: any minute")), *steps]


def _tables(known: Known) -> list[tuple[str, Any]]:
    return [(name, name) for name in known.timetables]


STEPS = Pick(_grids, silent=AS_BELOW, said=int)
YES_NO = Pick(
    lambda _known: [("yes", _l("Yes")), ("no", _l("No"))],
    silent=AS_BELOW,
    said=lambda data: data == "yes",
    shown=lambda value: "yes" if value else "no",
)
TIMETABLE_OR_OFF = Pick(
    lambda known: [(_OFF, _l("No hours")), *_tables(known)],
    silent=AS_BELOW,
    said=lambda data: "" if data == _OFF else data,
    shown=lambda value: value or _OFF,
)
TIMETABLE = Pick(_tables, silent=_l("All hours"))
NEEDED_TIMETABLE = Pick(_tables)
WEEKDAY = Pick(lambda _known: weekday_choices(), silent=_l("No weekday"))
FIRST_DAY = Pick(
    lambda _known: weekday_choices(), said=lambda data: SILENT if data == "mon" else data
)


class Several(Kind):
    """Boxes, any number of which are ticked; what is kept but not offered stays ticked."""

    def __init__(self, choices: Callable[[Known], Sequence[tuple[str, Any]]]) -> None:
        self._choices = choices

    def make(self, key: Key, known: Known) -> Any:
        """Return the boxes."""
        return Ticks(key.label, description=key.help, choices=_offered(self._choices(known)))

    def read(self, key: Key, form: Form) -> Any:
        """Return those that are ticked; none says nothing."""
        return list(form[key.field].data or ()) or SILENT


CATEGORIES = Several(lambda known: known.categories)
MACHINES = Several(lambda known: known.machines)
WEEKDAYS_TICKED = Several(lambda _known: weekday_choices())
