"""Words of matching: codes that stay, verdicts, and how whole a match is."""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """Why a lab was left out, or what it lacks. A stable set: add, never rename."""

    NOT_YET_QUALIFIED = "lab.not-yet-qualified"
    EXPIRED = "lab.expired"
    SUSPENDED = "lab.suspended"
    NOT_QUALIFIED = "lab.not-qualified"
    CONFLICT = "lab.conflict"
    OUT_OF_SERVICE = "machine.out-of-service"
    PROCESS = "step.process"
    MATERIAL = "step.material"
    FORBIDDEN = "step.material-forbidden"
    SIZE = "step.size"
    THICKNESS = "step.thickness"
    TOLERANCE = "step.tolerance"
    TRAIT = "step.trait"
    NDA = "must.nda"
    FOOD_CONTACT = "must.food-contact"
    STEP_FREE = "must.step-free"
    ON_SITE = "must.on-site"
    SERVICE = "must.service"
    LEAD_TIME = "time.lead"
    HOURS = "time.hours"
    BATCH = "time.batch"
    UNREAD = "need.not-understood"


class Verdict(StrEnum):
    """How a requirement is met."""

    YES = "yes"
    NO = "no"
    ABOUT = "about"


class Fit(StrEnum):
    """How much of a need a lab meets."""

    WHOLE = "whole"
    NEARLY = "nearly"
    PART = "part"


class Standing(StrEnum):
    """A lab's place on the list, as matching files say it."""

    QUALIFIED = "iscritto"
    EXPIRED = "scaduto"
    SUSPENDED = "sospeso"
    UNDER_REVIEW = "in_istruttoria"
    REMOVED = "cancellato"
