"""Whose account is asked for, at which site and of which month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import request

from labops.blueprints.access import current_actor, current_person
from labops.blueprints.sites.base import key
from labops.domain.firms import queries as firms
from labops.domain.people import queries as people
from labops.domain.plans import queries
from labops.domain.plans.entries import Owner
from labops.domain.plans.policies import month_days, month_of
from labops.domain.sites.queries import SiteView, all_sites, by_slug
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import NotFound
from labops.kernel.permissions import Permission


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose account at which site, and of which month; `uid` is the person's or the firm's."""

    owner: Owner
    uid: str
    name: str
    own: bool
    staff: bool
    site: SiteView
    sites: list[SiteView]
    month: str
    today: date

    @property
    def of_firm(self) -> bool:
        """Say whether it is a firm's account."""
        return self.owner.firm_id is not None

    @property
    def who(self) -> dict[str, str]:
        """Return what a form says of whose account it is."""
        named = {"firm": self.uid} if self.of_firm else {} if self.own else {"person": self.uid}
        return {"site": self.site.slug, **named}


def asked(person: str) -> Asked:
    """Return whose account is asked for, for staff; raises `NotFound` for nobody of theirs."""
    actor = current_actor()
    where = [one for one in _sites() if actor.may(Permission.PAYMENT_RECORD, one.id)]
    found = people.seen_by(reading(), person, actor)
    return _asked(Owner(found.id), found.uid, found.name, where, own=False)


def firm_account(uid: str) -> Asked:
    """Return a firm's account, for who speaks for it and for staff; raises `NotFound`."""
    actor = current_actor()
    firm = firms.seen(reading(), key(uid), actor)
    where = [
        site for site in _sites() if firm.speaks or actor.may(Permission.PAYMENT_RECORD, site.id)
    ]
    if not where:
        raise NotFound
    return _asked(Owner(firm_id=firm.id), firm.uid, firm.legal_name, where, own=firm.speaks)


def account_of_form() -> Asked:
    """Return the account that a posted form is about."""
    if request.form.get("firm"):
        return firm_account(request.form["firm"])
    return asked(request.form["person"]) if request.form.get("person") else own_account()


def own_account() -> Asked:
    """Return the actor's own account, at a site where she has one if she has any."""
    actor = current_actor()
    person_id = actor.require_person()
    me = current_person()
    if me is None:  # a program with a token has pages of its own
        raise NotFound
    known = set(queries.sites_with_account(reading(), person_id))
    known |= {one.site_id for one in people.memberships(reading(), person_id)}
    sites = _sites()
    where = [site for site in sites if site.id in known] or sites
    return _asked(Owner(person_id), me.uid, me.name, where, own=True)


def _sites() -> list[SiteView]:
    return [by_slug(reading(), one.slug) for one in all_sites(reading())]


def _asked(owner: Owner, uid: str, name: str, sites: list[SiteView], *, own: bool) -> Asked:
    wanted = request.values.get("site", "").replace("\x00", "")
    site = next((one for one in sites if one.slug == wanted), None)
    if site is None:
        if wanted or not sites:
            raise NotFound
        site = sites[0]
    today = clock.now().astimezone(site.tz).date()
    month = request.args.get("month", "") or month_of(today)
    try:
        first, _last = month_days(month)
    except (ValueError, OverflowError) as error:
        raise NotFound from error
    if first > today or first.year < 2000 or month != month_of(first):  # noqa: PLR2004
        raise NotFound
    staff = current_actor().may(Permission.PAYMENT_RECORD, site.id)
    return Asked(owner, uid, name, own, staff and not own, site, sites, month, today)
