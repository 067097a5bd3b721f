"""What the pages of inductions share."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from babel.numbers import format_currency
from flask import Blueprint, g, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from labops.blueprints import formats
from labops.blueprints.access import current_actor
from labops.blueprints.errors import reasons_of
from labops.blueprints.sites.base import key
from labops.domain.inductions import queries, signing
from labops.domain.inductions.states import Audience, SessionState, SignUpState
from labops.domain.inductions.views import SessionView
from labops.kernel import clock, local_time
from labops.kernel.db import reading
from labops.kernel.errors import Problem
from labops.kernel.permissions import Permission

bp = Blueprint("inductions", __name__)

CAN_GIVE_UP = frozenset({SignUpState.SIGNED_UP, SignUpState.WAITING})


def found_session(uid: str) -> SessionView:
    """Return the session; from here on refusals speak of its site's times. Raises `NotFound`."""
    induction = queries.one(reading(), key(uid))
    g.zone = local_time.zone(induction.zone)
    return induction


def session_page(induction: SessionView, problems: tuple[Problem, ...] = ()) -> str:
    """Return the page of a session; `problems` are what the last act was refused for."""
    actor, now = current_actor(), clock.now()
    mine, against, cost = "", tuple[Problem, ...](), Decimal(0)
    if actor.person_id is not None:
        states = queries.states_of(reading(), actor.person_id, [induction.id])
        mine = states.get(induction.id, "")
        if mine not in CAN_GIVE_UP:
            cost = signing.cost_for(reading(), induction.uid, actor.person_id)
            against = signing.problems_of(reading(), induction.uid, actor.person_id, now=now)
    # Who teaches it, or was there, is told so elsewhere on the page.
    told = tuple(problem for problem in against if problem.code != "induction.already")
    only_full = [problem.code for problem in against] == ["induction.full"]
    coming = induction.state == SessionState.PLANNED and induction.starts_at > now
    return render_template(
        "inductions/show.html",
        induction=induction,
        title=type_name(induction),
        facts=facts_of(induction),
        mine=mine,
        mine_name=sign_up_name(mine) if mine else "",
        coming=coming,
        signed_in=actor.signed_in,
        may_give_up=coming and mine in CAN_GIVE_UP,
        late=induction.decide_at <= now,
        late_words=_late(induction),
        cost=cost,
        cost_in_words=_cost(induction, cost, waits=only_full),
        may_wait=coming and only_full,
        may_sign_up=coming and not against and mine not in CAN_GIVE_UP,
        reasons=reasons_of(problems or (() if only_full or not coming else told)),
        following=[
            one
            for one in queries.next_free(reading(), induction.type_slug, now=now)
            if one.uid != induction.uid
        ],
        edits=actor.may(Permission.INDUCTION_EDIT, induction.site_id),
        judges=actor.may(Permission.CERTIFICATION_GRANT, induction.site_id),
        begun=induction.starts_at <= now,
        places=places_in_words,
    )


def type_name(induction: SessionView) -> str:
    """Return what is taught, with the level where there are several."""
    name = induction.type_name(formats.language())
    if induction.level > 1:
        return str(_("%(kind)s, level %(level)d", kind=name, level=induction.level))
    return name


def places_in_words(induction: SessionView) -> str:
    """Return how many places are left, and how many wait."""
    if induction.waiting_count:
        return str(
            ngettext(
                "Full, one person waits",
                "Full, %(num)d people wait",
                induction.waiting_count,
            )
        )
    if not induction.free_count:
        return str(_("Full"))
    return str(ngettext("One free place", "%(num)d free places", induction.free_count))


def facts_of(induction: SessionView) -> list[tuple[str, str]]:
    """Return everything that a session says of itself, as names and values."""
    where = ", ".join(part for part in (induction.space, induction.site_address) if part)
    pairs = [
        (_("When"), formats.slot(induction.starts_at, induction.ends_at, induction.zone)),
        (_("Site"), induction.site_name),
        (_("Where"), where),
        (_("Teacher"), induction.teacher),
        (_("Machines"), ", ".join(induction.machine_names)),
        (_("Places"), _places_of(induction)),
        (_("Who can come"), _who(induction)),
        (_("Price"), _price(induction)),
        (_("Takes place"), _fewest(induction)),
    ]
    return [(str(name), str(value)) for name, value in pairs if value]


def sign_up_name(state: str) -> str:
    """Return how a person stands in a session."""
    names = {
        SignUpState.SIGNED_UP.value: _("Signed up"),
        SignUpState.WAITING.value: _("On the waiting list"),
        SignUpState.CANCELLED.value: _("Given up"),
        SignUpState.ABSENT.value: _("Absent"),
        SignUpState.CERTIFIED.value: _("Certified"),
        SignUpState.AGAIN.value: _("To come again"),
    }
    return str(names[state])


def index_address(**changes: Any) -> str:
    """Return the address of the list."""
    return url_for("inductions.index", **{k: v for k, v in changes.items() if v})


def _places_of(induction: SessionView) -> str:
    return str(
        _(
            "%(taken)d of %(places)d taken. %(free)s.",
            taken=induction.taken_count,
            places=induction.places,
            free=places_in_words(induction),
        )
    )


def _who(induction: SessionView) -> str:
    said = [
        _("Members of %(site)s", site=induction.site_name)
        if induction.audience == Audience.MEMBERS
        else _("Everybody with an account")
    ]
    if induction.youngest:
        said.append(_("from %(years)d years on", years=induction.youngest))
    if induction.needs_slug:
        kind = induction.needs_name(formats.language())
        said.append(_("certified for: %(kind)s", kind=kind))
    if induction.quiz_slug:
        said.append(
            _("with the quiz “%(quiz)s” passed", quiz=induction.quiz_name(formats.language()))
        )
    return "; ".join(str(part) for part in said)


def _price(induction: SessionView) -> str:
    if induction.price is None:
        return ""
    if not induction.price:
        return str(_("Free of charge"))
    amount = euro(induction.price)
    if induction.free_plan:
        return str(
            _("%(amount)s; free on the plan %(plan)s", amount=amount, plan=induction.free_plan)
        )
    return amount


def _late(induction: SessionView) -> str:
    """Return what giving up a place so late means."""
    said = str(_("It was decided already that it takes place, so this is noted as late."))
    if not induction.price:
        return said
    return " ".join((said, _("What it cost you comes back only if somebody takes your place.")))


def _cost(induction: SessionView, cost: Decimal, *, waits: bool) -> str:
    """Return what a place would cost the reader, and until when she gets it back."""
    if not induction.price:
        return ""
    if not cost:
        return str(_("It costs you nothing: your plan includes it."))
    amount = euro(cost)
    said = (
        _("A place costs you %(amount)s, added to your account once you get one.", amount=amount)
        if waits
        else _("It costs you %(amount)s, which is added to your account.", amount=amount)
    )
    if induction.decide_at <= clock.now():
        return " ".join((said, _("If you give it up, you get that back if somebody takes over.")))
    until = formats.moment(induction.decide_at, induction.zone)
    back = _("If you give it up by %(when)s, or it is cancelled, you get that back.", when=until)
    return " ".join((said, back))


def euro(amount: Decimal) -> str:
    """Return an amount of money in words of the reader's language."""
    text: str = format_currency(amount, "EUR", locale=formats.language())
    return text


def _fewest(induction: SessionView) -> str:
    if induction.fewest < 1 or induction.state != SessionState.PLANNED:
        return ""
    return str(
        ngettext(
            "When at least one person has signed up by %(when)s.",
            "When at least %(num)d people have signed up by %(when)s.",
            induction.fewest,
            when=formats.moment(induction.decide_at, induction.zone),
        )
    )


def lead_of(induction: SessionView) -> timedelta:
    """Return how long before its start it is decided whether it takes place."""
    return induction.starts_at - induction.decide_at
