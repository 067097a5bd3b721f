"""The form of maintenance."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Form, HiddenField, SelectMultipleField, validators, widgets

from labops.blueprints.sites.fields import Choice, LocalMoment, Prose, Words, instant_of, needed
from labops.domain.machines.queries import MachineView
from labops.domain.maintenance.commands import LONGEST_NOTE, LONGEST_REASON, PlanBlock
from labops.domain.maintenance.queries import MaintenanceView
from labops.domain.sites.queries import SiteView
from labops.domain.spaces.queries import SpaceView
from labops.kernel.interval import Interval

FIELDS = ("starts_at", "ends_at", "machines", "space", "reason", "note", "revision")


class BlockForm(Form):
    """Which machines, from when to when on the site's clock, and why.

    Of maintenance that has begun only the end and the words can change.
    """

    starts_at = LocalMoment(_l("From"), [needed()])
    ends_at = LocalMoment(_l("Until"), [needed()])
    space = Choice(_l("What is worked on"), [validators.Optional()])
    machines = SelectMultipleField(
        _l("Machines"),
        [validators.Optional()],
        option_widget=widgets.CheckboxInput(),
        widget=widgets.ListWidget(prefix_label=False),
        validate_choice=False,
    )
    reason = Words(
        _l("Reason"),
        [needed(), validators.Length(max=LONGEST_REASON, message=_l("This is too long."))],
        description=_l("Everybody can read this."),
    )
    note = Prose(
        _l("Note"),
        [
            validators.Optional(),
            validators.Length(max=LONGEST_NOTE, message=_l("This is too long.")),
        ],
        description=_l("Everybody can read this, too: what is done, what to expect afterwards."),
    )
    revision = HiddenField()

    def __init__(
        self,
        *args: Any,
        machines_of_site: list[MachineView],
        spaces: list[SpaceView],
        begun: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if begun:
            for name in ("starts_at", "space", "machines"):
                del self[name]
            return
        whole = [(str(one.id), _("All machines of %(space)s", space=one.name)) for one in spaces]
        self.space.choices = [("", _("The machines chosen below")), *whole]
        self.machines.choices = [
            (one.slug, f"{one.name} ({one.space})" if one.space else one.name)
            for one in machines_of_site
        ]

    def to_command(
        self, site: SiteView, remarks: list[str], block: MaintenanceView | None = None
    ) -> PlanBlock | None:
        """Return what was typed, or `None` after saying at each wrong field what is wrong."""
        valid = self.validate()
        starts_at = block.starts_at if block else None
        if "starts_at" in self:
            starts_at = instant_of(self, "starts_at", site.tz, remarks)
        ends_at = instant_of(self, "ends_at", site.tz, remarks)
        if starts_at and ends_at and ends_at <= starts_at:
            self.ends_at.errors = [*self.ends_at.errors, _("The end must come after the start.")]
            ends_at = None
        chosen = "machines" not in self or self.machines.data or self.space.data
        if not chosen:
            self.machines.errors = [*self.machines.errors, _("Choose a machine.")]
        if not valid or starts_at is None or ends_at is None or not chosen:
            return None
        space = self.space.data if "space" in self else ""
        machines = self.machines.data if "machines" in self else ()
        revision = str(self.revision.data or "")
        return PlanBlock(
            span=Interval(starts_at, ends_at),
            reason=str(self.reason.data),
            machines=() if space else tuple(machines or ()),
            space_id=int(space) if space else None,
            note=str(self.note.data or ""),
            expected_revision=int(revision) if revision.isdecimal() and block else None,
        )


def filled(block: MaintenanceView, site: SiteView) -> dict[str, Any]:
    """Return the values of a form that stand for the block."""
    start, end = (at.astimezone(site.tz) for at in (block.starts_at, block.ends_at))
    if end.second or end.microsecond:
        end += timedelta(minutes=1)
    return {
        "starts_at": start.replace(tzinfo=None, second=0, microsecond=0),
        "ends_at": end.replace(tzinfo=None, second=0, microsecond=0),
        "space": str(block.space_id or ""),
        "machines": list(block.machines),
        "reason": block.reason,
        "note": block.note,
        "revision": str(block.revision),
    }
