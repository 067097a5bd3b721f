"""How each kind of letter, and what may be chosen about it, is called on pages and in letters."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from labops.domain.notifications.kinds import (
    ALWAYS,
    AUTOMATIC,
    NEVER,
    OFF,
    ONE_DAY,
    TWO_HOURS,
    LetterKind,
)
from labops.domain.onboarding.kinds import StepKind

LABELS: Mapping[LetterKind, LazyString] = {
    LetterKind.ACCOUNT: _l(
        "Your account: confirmation of the address, passwords, certifications suspended or revoked"
    ),
    LetterKind.BOOKING_BY_OTHERS: _l(
        "What others do with your bookings: staff make, move or cancel one, it is missed, a strike"
    ),
    LetterKind.BOOKING: _l("What you do with your bookings: you make, move or cancel one"),
    LetterKind.CERTIFICATION: _l("Your certifications: granted, renewed, ending soon"),
    LetterKind.INVITATION: _l("Invitations for your calendar"),
    LetterKind.REMINDER: _l("Reminders before a booking"),
    LetterKind.DIGEST: _l("On Mondays: your bookings of the week"),
    LetterKind.MEMBERSHIP: _l("Your membership: you are admitted, or a step is left to do"),
    LetterKind.CASE: _l("Applications for the qualified list, and what comes of them"),
    LetterKind.STAFF_DIGEST: _l("On Mondays: what comes at the sites where you work"),
    LetterKind.SERVICE: _l("What a site tells its members of the service: closures, changed rules"),
    LetterKind.STATEMENT: _l("Each month: the statement of your account, and what you owe"),
    LetterKind.CIRCULAR: _l(
        "News and invitations of your sites, if you agreed to them under My data"
    ),
}

# The choices of kinds that are more than on or off.
CHOICES: Mapping[LetterKind, Mapping[str, LazyString]] = {
    LetterKind.REMINDER: {
        ONE_DAY: _l("One day before"),
        TWO_HOURS: _l("Two hours before"),
        OFF: _l("No reminders"),
    },
    LetterKind.INVITATION: {
        AUTOMATIC: _l("Automatically: unless you use a calendar address"),
        ALWAYS: _l("Always"),
        NEVER: _l("Never"),
    },
}

# What the steps to membership are called.
STEPS: Mapping[StepKind, LazyString] = {
    StepKind.EMAIL: _l("Confirm the e-mail address"),
    StepKind.PROFILE: _l("Complete the profile"),
    StepKind.WAIVERS: _l("Sign the waivers"),
    StepKind.IDENTITY: _l("Show who you are"),
    StepKind.ORIENTATION: _l("Be shown around"),
    StepKind.QUIZ: _l("Pass a quiz"),
    StepKind.INDUCTION: _l("Pass an induction"),
    StepKind.PLAN: _l("Choose a plan"),
}
