"""The form of a new address."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Form, SelectField, StringField, validators
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types

from labops.domain.calendars import queries
from labops.domain.calendars.scopes import FeedKind, FeedScope
from labops.domain.calendars.services import OpenFeed
from labops.domain.machines import queries as machines
from labops.domain.machines.queries import InventorySearch
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.permissions import Actor, Permission

LABEL_LENGTH = 80
MOST_MACHINES = 500
AS_USUAL, SHOWN, HIDDEN = "usual", "shown", "hidden"


class FeedForm(Form):
    """Of what, for which device, and how much it tells."""

    scope = SelectField(_l("What to show"))
    label = StringField(_l("Name of the device"), [validators.Length(max=LABEL_LENGTH)])
    cancelled = SelectField(
        _l("Cancelled bookings"),
        choices=[
            SelectChoice(AS_USUAL, _l("only in my own, for 30 days")),
            SelectChoice(SHOWN, _l("show them, for 30 days")),
            SelectChoice(HIDDEN, _l("leave them out")),
        ],
        default=AS_USUAL,
    )
    names = BooleanField(_l("With names"))

    def offer(self, actor: Actor) -> None:
        """Offer what the actor may follow now; names only to whoever may see them somewhere."""
        self.offered = scope_choices(actor)
        self.scope.choices = self.offered
        if not actor.may_somewhere(Permission.BOOKING_SEE_NAMES):
            del self.names

    def offers(self, scope: str) -> bool:
        """Say whether the scope is among what is offered."""
        return any(scope == choice.value for choice in self.offered)

    def to_command(self) -> OpenFeed:
        """Return the wish. Raises `Invalid` for a scope that is none."""
        shown = {SHOWN: True, HIDDEN: False}
        return OpenFeed(
            scope=FeedScope.read(self.scope.data or ""),
            label=self.label.data or "",
            names="names" in self and bool(self.names.data),
            show_cancelled=shown.get(self.cancelled.data),
        )


def scope_choices(actor: Actor) -> list[SelectChoice]:
    """Return what the actor may follow, in groups: herself, then site by site."""
    session, mine = reading(), _("For you")
    choices = [
        SelectChoice(FeedKind.ME.value, _("My bookings"), optgroup=mine),
        SelectChoice(FeedKind.INDUCTIONS.value, _("Inductions"), optgroup=mine),
    ]
    for site in queries.sites_to_follow(session, actor, now=clock.now()):
        found, _count = machines.listed(
            session, InventorySearch(site=site.slug, limit=MOST_MACHINES)
        )
        everything = _("All of %(site)s", site=site.name)
        choices += [
            SelectChoice(f"{FeedKind.SITE}:{site.slug}", everything, optgroup=site.name),
            *(
                SelectChoice(f"{FeedKind.MACHINE}:{one.slug}", one.name, optgroup=site.name)
                for one in found
            ),
        ]
    return choices


def kind_in_words(kind: FeedKind, place: str, site_name: str) -> str:
    """Return what a feed is of."""
    if kind is FeedKind.ME:
        return str(_("My bookings"))
    if kind is FeedKind.INDUCTIONS:
        return str(_("Inductions"))
    return f"{place} ({site_name})" if kind is FeedKind.MACHINE else place
