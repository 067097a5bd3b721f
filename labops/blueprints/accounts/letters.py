"""Which letters one wants: the page for it, and the address in a letter that makes it stop."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Form, RadioField, SelectMultipleField, widgets
from wtforms.validators import InputRequired

from labops.adapters import links
from labops.adapters.letters import ONE_CLICK
from labops.adapters.notices.labels import CHOICES, LABELS
from labops.blueprints.access import current_actor, public, signed_in
from labops.blueprints.accounts.base import bp, put_errors
from labops.blueprints.shell import from_anywhere
from labops.domain.notifications import queries, services
from labops.domain.notifications.kinds import KINDS, OFF, ON, LetterKind, Offer
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid
from labops.kernel.permissions import Permission

NECESSARY = tuple(kind for kind, offer in KINDS.items() if offer.necessary)


class LettersForm(Form):
    """What one wants of each kind of letter; what may be chosen the service knows."""

    wanted = SelectMultipleField(
        _l("Letters you want"),
        option_widget=widgets.CheckboxInput(),
        widget=widgets.ListWidget(prefix_label=False),
    )
    reminder = RadioField(
        LABELS[LetterKind.REMINDER],
        [InputRequired(_l("Choose one."))],
        description=_l(
            "Never for a booking that you made or changed a short time before: less than two days"
            " for a reminder one day before, less than four hours for one two hours before."
        ),
        validate_choice=False,
    )
    invitation = RadioField(
        LABELS[LetterKind.INVITATION],
        [InputRequired(_l("Choose one."))],
        description=_l(
            "Letters about a booking put it into the calendar of your mail program, and take it"
            " out again. A calendar address does the same by itself: with both, each booking"
            " would stand there twice."
        ),
        validate_choice=False,
    )


@bp.get("/letters")
@signed_in
def letters() -> ResponseReturnValue:
    """Show which letters one gets."""
    chosen = queries.choices_of(reading(), current_actor().require_person())
    form = LettersForm(
        wanted=[kind for kind, choice in chosen.items() if choice == ON],
        reminder=chosen[LetterKind.REMINDER],
        invitation=chosen[LetterKind.INVITATION],
    )
    return _page(form, 200)


@bp.post("/letters")
@signed_in
def choose_letters() -> ResponseReturnValue:
    """Keep what was chosen."""
    form = _offering(LettersForm(request.form))
    if form.validate():
        wanted = form.wanted.data or []
        choices = {kind: ON if kind in wanted else OFF for kind in _on_or_off()}
        choices[LetterKind.REMINDER] = form.reminder.data
        choices[LetterKind.INVITATION] = form.invitation.data
        try:
            services.choose(choices, actor=current_actor(), now=clock.now())
        except Invalid as error:
            put_errors(form, error)
        else:
            flash(_("Your choice was saved."), "success")
            return redirect(url_for("accounts.letters"), 303)
    return _page(form, 422)


@bp.get("/t/<token>/letters")
@public
def stop_letters(token: str) -> ResponseReturnValue:
    """Ask for one press, since mail programs open links by themselves."""
    _account_id, kind = links.read_stop(token)
    return render_template(
        "accounts/letters_stop.html", kind=LABELS[kind], token=token, stopped=False, body=ONE_CLICK
    )


@bp.post("/t/<token>/letters")
@public
@from_anywhere
def stopped_letters(token: str) -> ResponseReturnValue:
    """Switch the letter off; mail programs post here without a visitor (RFC 8058)."""
    account_id, kind = links.read_stop(token)
    services.stop(account_id, kind, now=clock.now())
    return render_template("accounts/letters_stop.html", kind=LABELS[kind], stopped=True)


def _page(form: LettersForm, status: int) -> ResponseReturnValue:
    page = render_template(
        "accounts/letters.html",
        form=_offering(form),
        necessary=[LABELS[kind] for kind in NECESSARY],
    )
    return page, status


def _offering(form: LettersForm) -> LettersForm:
    form.wanted.choices = [(kind.value, LABELS[kind]) for kind in _on_or_off()]
    form.reminder.choices = list(CHOICES[LetterKind.REMINDER].items())
    form.invitation.choices = list(CHOICES[LetterKind.INVITATION].items())
    return form


def _on_or_off() -> list[LetterKind]:
    works_somewhere = current_actor().may_somewhere(Permission.BOOKING_EDIT_OTHERS)
    return [
        kind
        for kind, offer in KINDS.items()
        if _is_on_or_off(offer) and (works_somewhere or not offer.for_staff)
    ]


def _is_on_or_off(offer: Offer) -> bool:
    return set(offer.choices) == {ON, OFF}
