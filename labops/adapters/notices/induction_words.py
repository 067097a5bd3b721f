"""What all mails about inductions share: the session, and one person's part in it, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from babel.numbers import format_currency
from flask_babel import get_locale
from flask_babel import gettext as _

from labops.adapters.notices.words import Action, Notice, moment, page_address, short_moment, slot
from labops.domain.inductions.queries import SignUpView
from labops.domain.inductions.states import SignUpState
from labops.domain.inductions.views import SessionView
from labops.kernel import money


@dataclass(frozen=True, slots=True)
class Part:
    """A session, and one person's part in it."""

    induction: SessionView
    sign_up: SignUpView
    now: datetime


def notice(
    part: Part,
    *,
    subject: str,
    lead: str,
    more: tuple[tuple[str, str], ...] = (),
    rest: tuple[str, ...] = (),
    action: Action | None = None,
) -> Notice:
    """Return a mail that shows the session, with what is added to it."""
    induction = part.induction
    page = page_address("inductions.show", uid=induction.uid)
    place = (induction.space, induction.site_name, induction.site_address, induction.site_city)
    return Notice(
        subject=subject,
        lead=(lead,),
        details=(
            (_("What"), induction.type_name(language())),
            (_("When"), slot(induction.starts_at, induction.ends_at, induction.zone)),
            (_("Where"), ", ".join(one for one in place if one)),
            (_("Teacher"), induction.teacher),
            *_price(part),
            *more,
        ),
        action=action or Action(_("See the induction, or give up your place"), page),
        rest=rest,
        signature=induction.site_name,
        reply_to=induction.site_email,
    )


def give_up_in_time(part: Part) -> tuple[str, ...]:
    """Return until when one who has a place can give it up in time."""
    induction = part.induction
    if part.sign_up.state != SignUpState.SIGNED_UP or induction.decide_at <= part.now:
        return ()
    when = moment(induction.decide_at, induction.zone)
    return (_("If you cannot come, say so before %(when)s.", when=when),)


def _price(part: Part) -> tuple[tuple[str, str], ...]:
    """Return what the place costs, while it costs anything."""
    if not part.sign_up.charged:
        return ()
    amount = format_currency(money.euro(part.sign_up.charged), "EUR", locale=language())
    return ((_("Price"), _("%(amount)s, added to your account", amount=amount)),)


def given_back(part: Part) -> tuple[str, ...]:
    """Return what becomes of the price for whoever is not in it any more."""
    if not part.induction.price:
        return ()
    if part.sign_up.charged:
        return (_("You pay for it all the same: nobody took your place."),)
    return (_("You pay nothing for it."),)


def others(induction: SessionView) -> Action:
    """Return the way to other sessions of the kind."""
    address = page_address("inductions.index", type=induction.type_slug)
    return Action(_("See the next inductions"), address)


def title(induction: SessionView) -> str:
    """Return the session for a subject."""
    when = short_moment(induction.starts_at, induction.zone)
    return f"{induction.type_name(language())}, {when}"


def language() -> str:
    """Return the language of the letter."""
    locale = get_locale()
    return locale.language if locale is not None else "en"
