"""The fixed words of labs: legal forms, where records come from, who speaks for them."""

from __future__ import annotations

from enum import StrEnum


class LegalForm(StrEnum):
    """What kind of body a lab is, as Italian law tells them apart."""

    UNKNOWN = "unknown"
    ASSOCIATION = "association"
    COOPERATIVE = "cooperative"
    FOUNDATION = "foundation"
    COMPANY = "company"
    SOLE_TRADER = "sole_trader"
    UNIVERSITY = "university"
    SCHOOL = "school"
    PUBLIC_BODY = "public_body"


class LabSource(StrEnum):
    """Where the record of a lab comes from."""

    OWN_SITE = "own_site"
    APPLICATION = "application"
    OFFICER = "officer"
    IMPORT = "import"


class RepresentativeRole(StrEnum):
    """An owner names other representatives; a delegate speaks for the lab, and names nobody."""

    OWNER = "owner"
    DELEGATE = "delegate"


class Access(StrEnum):
    """What makes a lab accessible."""

    STEP_FREE = "step_free"
    LIFT = "lift"
    ACCESSIBLE_TOILET = "accessible_toilet"
    RESERVED_PARKING = "reserved_parking"
    ADJUSTABLE_BENCHES = "adjustable_benches"
    SIGN_LANGUAGE = "sign_language"
    QUIET_HOURS = "quiet_hours"
