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
        "The number of a PagoPA notice has 18 digits and begins with 0, 1, 2 or 3."
    ),
    "entry.reversed": lambda _p: _("This entry was taken back before, or cannot be taken back."),
    "field.not-an-amount": lambda _p: _("This is no amount that can be written down."),
    "field.in-the-future": lambda _p: _("This day is still to come."),
}
