"""The form of a session."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Form, HiddenField, SelectMultipleField, validators, widgets

from labops.blueprints import formats
from labops.blueprints.inductions.base import lead_of
from labops.blueprints.sites.fields import (
    Choice,
    Length,
    LocalMoment,
    Prose,
    Typed,
    Whole,
    Words,
    instant_of,
    needed,
)
from labops.domain.inductions import queries
from labops.domain.inductions.commands import LONGEST_NOTE, PlanSession
from labops.domain.inductions.states import Audience
from labops.domain.inductions.views import SessionView
from labops.domain.machines import queries as machines
from labops.domain.quizzes import queries as quizzes
from labops.domain.series.values import FEWEST, MOST, Repeat
from labops.domain.sites.queries import SiteView
from labops.domain.spaces import queries as spaces
from labops.kernel.db import reading
from labops.kernel.interval import Interval

ONCE = "0"
# What a new session has until somebody says otherwise.
USUAL = {"level": 1, "places": 6, "fewest": 1, "decide_before": timedelta(hours=24)}
# What the preview of a repeated session sends along.
FIELDS = (
    *("machine_type", "level", "starts_at", "ends_at", "space", "machines", "teacher", "places"),
    *(
        "fewest",
        "decide_before",
        "audience",
        "needs",
        "quiz",
        "youngest",
        "price",
        "free_plan",
        "note",
    ),
    *("repeat", "count"),
)


class Euro(Typed):
    """An amount of money in euro; a comma may stand before the cents."""

    def read(self, text: str) -> Decimal:
        """Return the amount."""
        text = text.removesuffix("€").strip()
        if re.fullmatch(r"[0-9]{1,6}([.,][0-9]{1,2})?", text):
            return Decimal(text.replace(",", "."))
        raise ValueError(_("Write an amount of euro, such as 25 or 12.50."))

    def written(self, value: Decimal) -> str:
        """Return the amount as one would type it."""
        return f"{value:.2f}"


class SessionForm(Form):
    """What is taught, when and where, by whom, for how many, and who may come."""

    machine_type = Choice(_l("What is taught"), [needed()])
    level = Whole(_l("Level"), [needed()])
    starts_at = LocalMoment(_l("From"), [needed()])
    ends_at = LocalMoment(_l("Until"), [needed()])
    space = Choice(_l("Space"), [validators.Optional()])
    machines = SelectMultipleField(
        _l("Machines that are needed"),
        [validators.Optional()],
        option_widget=widgets.CheckboxInput(),
        widget=widgets.ListWidget(prefix_label=False),
        validate_choice=False,
        description=_l("Nobody can book them meanwhile."),
    )
    teacher = Choice(_l("Teacher"), [needed()])
    places = Whole(_l("Places"), [needed()])
    fewest = Whole(
        _l("Fewest people"),
        [needed()],
        description=_l("With fewer it is cancelled by itself; 0 means that it always takes place."),
    )
    decide_before = Length(
        _l("Decided so long before"),
        [needed()],
        description=_l("Such as 24 h or 2 days. Who gives up a place later does so late."),
    )
    audience = Choice(_l("Who can come"))
    needs = Choice(_l("Certification that one must have already"), [validators.Optional()])
    quiz = Choice(_l("Quiz that one must have passed"), [validators.Optional()])
    youngest = Whole(_l("Youngest age"), [validators.Optional()])
    price = Euro(_l("Price in euro"), [validators.Optional()])
    free_plan = Words(_l("Free on the plan"), [validators.Optional(), validators.Length(max=60)])
    note = Prose(
        _l("Note"),
        [
            validators.Optional(),
            validators.Length(max=LONGEST_NOTE, message=_l("This is too long.")),
        ],
        description=_l("Everybody can read this: what to bring, what to wear."),
    )
    repeat = Choice(_l("Repeat"), default=ONCE)
    count = Whole(_l("How many times"), [validators.Optional()])
    revision = HiddenField()

    def __init__(
        self, *args: Any, site: SiteView, induction: SessionView | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._offer(site)
        if induction is not None:
            for name in ("repeat", "count"):
                del self[name]

    def _offer(self, site: SiteView) -> None:
        session = reading()
        language = formats.language()
        types = [(slug, it if language == "it" else en) for slug, it, en in queries.types(session)]
        types.sort(key=lambda pair: pair[1])
        self.machine_type.choices = types
        self.quiz.choices = [
            ("", _("None")),
            *(
                (one.slug, one.title(language))
                for one in quizzes.listed(session, only_published=True)
            ),
        ]
        self.needs.choices = [("", _("None")), *types]
        found = spaces.of_site(session, site.id)
        self.space.choices = [("", _("None in particular")), *((str(s.id), s.name) for s in found)]
        self.machines.choices = [
            (one.slug, f"{one.name} ({one.space})" if one.space else one.name)
            for one in machines.search(session, site=site.slug)
        ]
        self.teacher.choices = queries.teachers(session, site.id)
        self.audience.choices = [
            (Audience.MEMBERS.value, _("Members of %(site)s", site=site.name)),
            (Audience.ALL.value, _("Everybody with an account")),
        ]
        self.repeat.choices = [
            (ONCE, _("Only once")),
            ("1", _("Every week")),
            ("2", _("Every second week")),
        ]

    def to_command(self, site: SiteView, remarks: list[str]) -> PlanSession | None:
        """Return what was typed, or `None` after saying at each wrong field what is wrong."""
        valid = self.validate()
        starts_at = instant_of(self, "starts_at", site.tz, remarks)
        ends_at = instant_of(self, "ends_at", site.tz, remarks)
        if starts_at and ends_at and ends_at <= starts_at:
            self.ends_at.errors = [*self.ends_at.errors, _("The end must come after the start.")]
            valid = False
        if self._repeats() and self.count.data is None:
            between = _("Write a number from %(fewest)d to %(most)d.", fewest=FEWEST, most=MOST)
            self.count.errors = [*self.count.errors, between]
            valid = False
        if not valid or starts_at is None or ends_at is None:
            return None
        revision = str(self.revision.data or "")
        return PlanSession(
            machine_type=self.machine_type.data,
            span=Interval(starts_at, ends_at),
            teacher_uid=self.teacher.data,
            places=self.places.data,
            machines=tuple(self.machines.data or ()),
            space_id=int(self.space.data) if self.space.data else None,
            level=self.level.data,
            fewest=self.fewest.data,
            decide_before=self.decide_before.data,
            needs=self.needs.data or "",
            quiz=self.quiz.data or "",
            youngest=self.youngest.data,
            audience=Audience(self.audience.data),
            price=self.price.data,
            free_plan=str(self.free_plan.data or ""),
            note=str(self.note.data or ""),
            expected_revision=int(revision) if revision.isdecimal() else None,
        )

    def to_repeat(self) -> Repeat | None:
        """Return how the session repeats, if it does."""
        if not self._repeats():
            return None
        return Repeat(weeks=int(self.repeat.data), count=self.count.data)

    def _repeats(self) -> bool:
        return "repeat" in self and self.repeat.data in {"1", "2"}


def filled(induction: SessionView, site: SiteView) -> dict[str, Any]:
    """Return the values of a form that stand for the session."""
    start, end = (at.astimezone(site.tz) for at in (induction.starts_at, induction.ends_at))
    copied = ("level", "places", "fewest", "audience", "youngest", "price", "free_plan", "note")
    return {
        **{name: getattr(induction, name) for name in copied},
        "machine_type": induction.type_slug,
        "starts_at": start.replace(tzinfo=None, second=0, microsecond=0),
        "ends_at": end.replace(tzinfo=None, second=0, microsecond=0),
        "space": str(induction.space_id or ""),
        "machines": list(induction.machines),
        "teacher": induction.teacher_uid,
        "decide_before": lead_of(induction),
        "needs": induction.needs_slug or "",
        "quiz": induction.quiz_slug or "",
        "revision": str(induction.revision),
    }
