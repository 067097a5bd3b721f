"""How pages call what is fixed about labs."""

from __future__ import annotations

from flask_babel import gettext as _

from labops.domain.labs.states import LabSource, LegalForm, RepresentativeRole


def legal_form_name(form: LegalForm) -> str:
    """Return a legal form in words."""
    names = {
        LegalForm.UNKNOWN: _("Not said"),
        LegalForm.ASSOCIATION: _("Association"),
        LegalForm.COOPERATIVE: _("Cooperative"),
        LegalForm.FOUNDATION: _("Foundation"),
        LegalForm.COMPANY: _("Company"),
        LegalForm.SOLE_TRADER: _("Sole trader"),
        LegalForm.UNIVERSITY: _("University"),
        LegalForm.SCHOOL: _("School"),
        LegalForm.PUBLIC_BODY: _("Public body"),
    }
    return str(names[form])


def source_name(source: str) -> str:
    """Return where the record of a lab comes from."""
    names = {
        LabSource.OWN_SITE: _("One of our sites"),
        LabSource.APPLICATION: _("Brought in by the lab"),
        LabSource.OFFICER: _("Written by an officer"),
        LabSource.IMPORT: _("Imported"),
    }
    return str(names[LabSource(source)])


def role_name(role: str) -> str:
    """Return as what somebody speaks for a lab."""
    return str(_("Owner") if role == RepresentativeRole.OWNER else _("Delegate"))


def fact_name(fact: str) -> str:
    """Return what a public field is called."""
    names = {
        "name": _("Name"),
        "description": _("Description"),
        "website": _("Website"),
        "price_list": _("Price list"),
        "email": _("E-mail address"),
        "phone": _("Telephone"),
        "languages": _("Languages"),
        "accessibility": _("Accessibility"),
        "services": _("Services"),
        "address": _("Address"),
        "opening_hours": _("Opening hours"),
        "machines": _("Machines"),
    }
    return str(names[fact])


def why_not(code: str) -> str:
    """Return why a cell of the catalogue was not read."""
    names = {
        "empty": _("nothing is written there"),
        "unit-missing": _("no unit"),
        "unit-unknown": _("an unknown unit"),
        "several-sizes": _("several sizes in one"),
        "endless": _("one side has no end"),
        "round": _("a round work area"),
        "thousands": _("thousands or decimals"),
        "sides": _("not two or three sides"),
        "out-of-range": _("no size that a machine has"),
        "other": _("cannot be read"),
        "too-long": _("too long"),
        "class": _("nobody knows what it is"),
        "process": _("no process here is like it"),
        "material": _("no material here is like it"),
        "doubled": _("it stands in the file twice"),
    }
    return str(names.get(code, code))
