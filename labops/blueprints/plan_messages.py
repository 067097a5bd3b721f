"""The sentences of plans, payments and entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _

SENTENCES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "plan.not-for-sale": lambda _p: _("This plan is not for sale today."),
    "plan.other-groups": lambda p: _(
        "This plan is only for: %(groups)s.", groups=", ".join(p["groups_raw"])
    ),
    "plan.for-firms": lambda _p: _("This plan is for firms: choose it on your firm's page."),
    "plan.not-for-firms": lambda _p: _("This plan is for single people, not for firms."),
    "plan.for-smaller-firms": lambda p: _(
        "This plan is for firms of at most %(most)s people.", most=p["most"]
    ),
    "firm.no-number": lambda _p: _("Give the VAT number or the tax code of the firm."),
    "firm.wrong-ateco": lambda _p: _("This is no ATECO code: write it as 31.09 or 16.23.10."),
    "firm.known": lambda _p: _(
        "A firm with this number is here already. Ask whoever speaks for it to invite you."
    ),
    "firm.is-in": lambda _p: _("Whoever has this address works in the firm already."),
    "firm.full": lambda p: _(
        "The firm's plan is for %(most)s people: somebody leaves first, or the plan changes.",
        most=p["most"],
    ),
    "firm.many-invitations": lambda p: _(
        "There are %(most)s open invitations: take one back first.", most=p["most"]
    ),
    "firm.last-representative": lambda _p: _(
        "Nobody would speak for the firm any more: let a colleague speak for it first."
    ),
    "firm.not-proven": lambda _p: _(
        "Confirm the firm's address first, by the link that we sent there."
    ),
    "plan.same": lambda _p: _("This is the plan already."),
    "plan.steps-left": lambda _p: _(
        "A plan is the last step to membership: do the other steps first."
    ),
    "plan.ended": lambda _p: _("This plan has ended."),
    "plan.subscribed": lambda _p: _(
        "The person subscribed to her plan: change it on the page of her account."
    ),
    "payment.known-notice": lambda _p: _("This notice was written down as paid before."),
    "payment.not-a-notice": lambda _p: _(
        "This is not the number of a PagoPA notice: it has 18 digits, begins with 0, 1, 2 or 3, and"
        " its last two must fit the others. Look for a mistyped digit."
    ),
    "entry.reversed": lambda _p: _("This entry was taken back before, or cannot be taken back."),
    "field.not-an-amount": lambda _p: _("This is no amount that can be written down."),
    "field.in-the-future": lambda _p: _("This day is still to come."),
}
