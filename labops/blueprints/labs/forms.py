"""The forms of a lab: shape and spelling only, the use cases decide the rest."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FileField, Form, validators

from labops.blueprints.house_rules.fields import Money, Ticks
from labops.blueprints.labs.base import MUNICIPI, access_name, language_name, offered
from labops.blueprints.labs.words import legal_form_name
from labops.blueprints.sites.fields import Choice, Coordinate, Prose, Whole, Words, needed
from labops.domain.labs.checking import LANGUAGES, LONGEST
from labops.domain.labs.commands import DescribeLab, PlaceLab
from labops.domain.labs.states import Access, LegalForm, RepresentativeRole
from labops.domain.labs.views import PlaceView

_WORDS = (
    "public_name", "legal_name", "vat_number", "tax_code", "certified_email", "ateco_code",
    "ateco_version", "contact_name", "contact_email", "contact_phone", "description_it",
    "description_en", "website", "price_list", "email", "phone", "hours_note_it", "hours_note_en",
)  # fmt: skip
_COUNTS = ("lead_time_days", "most_pieces", "free_hours_a_month")
_LISTS = ("languages", "accessibility", "services")


def _rules(name: str) -> list[Any]:
    too_long = _l("This is too long.")
    return [validators.Optional(), validators.Length(max=LONGEST.get(name, 40), message=too_long)]


class LabForm(Form):
    """What a lab says of itself: first what everybody reads, then what only the city does."""

    public_name = Words(_l("Name that everybody reads"), [needed(), *_rules("public_name")[1:]])
    description_it = Prose(_l("Description in Italian"), _rules("description_it"))
    description_en = Prose(_l("Description in English"), _rules("description_en"))
    website = Words(_l("Website"), _rules("website"))
    price_list = Words(
        _l("Address of the price list"), _rules("price_list"), description=_l("On your website.")
    )
    email = Words(_l("Public e-mail address"), _rules("email"))
    phone = Words(_l("Public telephone"), _rules("phone"))
    languages = Ticks(_l("Languages"))
    accessibility = Ticks(_l("Accessibility"))
    services = Ticks(_l("Services"))
    skills = Words(
        _l("What you are good at"),
        [validators.Optional()],
        description=_l("Separated by commas, such as furniture, jewellery."),
    )
    hours_note_it = Words(_l("About the opening hours, in Italian"), _rules("hours_note_it"))
    hours_note_en = Words(_l("About the opening hours, in English"), _rules("hours_note_en"))
    legal_name = Words(_l("Legal name"), _rules("legal_name"))
    legal_form = Choice(_l("Legal form"), [validators.Optional()])
    vat_number = Words(_l("VAT number"), _rules("vat_number"))
    tax_code = Words(_l("Tax code"), _rules("tax_code"))
    certified_email = Words(_l("Certified e-mail address (PEC)"), _rules("certified_email"))
    ateco_code = Words(_l("ATECO code"), _rules("ateco_code"))
    ateco_version = Words(
        _l("Version of the ATECO codes"), _rules("ateco_version"), description=_l("Such as 2025.")
    )
    contact_name = Words(_l("Whom the city asks for"), _rules("contact_name"))
    contact_email = Words(_l("Their e-mail address"), _rules("contact_email"))
    contact_phone = Words(_l("Their telephone"), _rules("contact_phone"))
    lead_time_days = Whole(_l("Days until a job is usually ready"), [validators.Optional()])
    most_pieces = Whole(_l("Most pieces of one kind"), [validators.Optional()])
    free_hours_a_month = Whole(_l("Hours a month that are free for firms"), [validators.Optional()])
    hourly_rate = Money(_l("Usual price of an hour, in euro"), [validators.Optional()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.languages.choices = [(code, language_name(code)) for code in LANGUAGES]
        self.accessibility.choices = [(str(each), access_name(each)) for each in Access]
        self.services.choices = offered().services
        self.legal_form.choices = [(str(each), legal_form_name(each)) for each in LegalForm]

    @classmethod
    def of(cls, lab: DescribeLab) -> LabForm:
        """Return the form that shows what is known."""
        values: dict[str, Any] = {name: getattr(lab, name) for name in (*_WORDS, *_COUNTS)}
        values |= {name: list(getattr(lab, name)) for name in _LISTS}
        values |= {"skills": ", ".join(lab.skills), "legal_form": str(lab.legal_form)}
        values["hourly_rate"] = lab.hourly_rate
        return cls(data=values)

    def to_command(self) -> DescribeLab:
        """Return what was typed; call it after `validate()`."""
        values: dict[str, Any] = {name: str(self[name].data or "") for name in _WORDS}
        values |= {name: self[name].data for name in _COUNTS}
        values |= {name: tuple(self[name].data or ()) for name in _LISTS}
        skills = str(self.skills.data or "").replace(";", ",").split(",")
        rate = self.hourly_rate.data
        return replace(
            DescribeLab(**values),
            skills=tuple(skill.strip() for skill in skills if skill.strip()),
            legal_form=LegalForm(self.legal_form.data or LegalForm.UNKNOWN),
            hourly_rate=None if rate is None else Decimal(rate),
        )


class PlaceForm(Form):
    """A seat of a lab."""

    street = Words(_l("Street and number"), [needed()])
    postcode = Words(_l("Postcode"), [validators.Optional()])
    city = Words(_l("City"), [needed()], default="Milano")
    province = Words(_l("Province"), [validators.Optional()], default="MI")
    municipio = Choice(_l("Municipio"), [validators.Optional()])
    latitude = Coordinate(_l("Degrees north"), [validators.Optional()])
    longitude = Coordinate(_l("Degrees east"), [validators.Optional()])
    is_main = BooleanField(_l("This is the main address, the one on the map"))
    shown = BooleanField(_l("Everybody may see this address"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        numbers = [(str(number), str(number)) for number in MUNICIPI]
        self.municipio.choices = [("", _l("Outside Milan, or unknown")), *numbers]

    @classmethod
    def of(cls, place: PlaceView) -> PlaceForm:
        """Return the form that shows a seat."""
        names = (
            "street", "postcode", "city", "province", "latitude", "longitude", "is_main", "shown",
        )  # fmt: skip
        values = {name: getattr(place, name) for name in names}
        return cls(data={**values, "municipio": str(place.municipio or "")})

    def to_command(self) -> PlaceLab:
        """Return what was typed; call it after `validate()`."""
        return PlaceLab(
            street=str(self.street.data or ""),
            postcode=str(self.postcode.data or ""),
            city=str(self.city.data or ""),
            province=str(self.province.data or ""),
            municipio=int(self.municipio.data) if self.municipio.data else None,
            latitude=self.latitude.data,
            longitude=self.longitude.data,
            is_main=bool(self.is_main.data),
            shown=bool(self.shown.data),
        )


class RegisterForm(PlaceForm):
    """A lab that is brought in: its name and where it is."""

    public_name = Words(_l("Name that everybody reads"), [needed(), *_rules("public_name")[1:]])
    website = Words(_l("Website"), _rules("website"))
    field_order = ("public_name", "street", "postcode", "city", "province", "municipio", "website")


class RepresentativeForm(Form):
    """Somebody who is to speak for a lab."""

    email = Words(_l("E-mail address of their account"), [needed()])
    role = Choice(_l("As what"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.role.choices = [
            (str(RepresentativeRole.DELEGATE), _l("Delegate: may change the page and the case")),
            (str(RepresentativeRole.OWNER), _l("Owner: may also say who speaks for the lab")),
        ]


class CatalogueForm(Form):
    """Machine models as CSV."""

    file = FileField(_l("CSV file"), [validators.Optional()])
    text = Prose(_l("Or paste its lines"), [validators.Optional()])
    unit = Choice(_l("Work areas without a unit"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit.choices = [
            ("", _l("are not read")),
            ("mm", _l("are in millimetres")),
            ("cm", _l("are in centimetres")),
            ("in", _l("are in inches")),
        ]
