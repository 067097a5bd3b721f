"""What the pages of waivers share."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Form, HiddenField, StringField
from wtforms.validators import InputRequired, Length

from labops.adapters.receipts import Receipt, receipt_pdf
from labops.blueprints import formats
from labops.blueprints.accounts.base import device
from labops.domain.certifications.queries import local_today
from labops.domain.sites import queries as sites
from labops.domain.waivers.queries import SignatureView, VersionView
from labops.domain.waivers.services import Signing
from labops.kernel import clock
from labops.kernel.db import reading

bp = Blueprint("waivers", __name__)


class SignForm(Form):
    """A name typed under a text; `digest` says which text it was."""

    digest = HiddenField()
    name = StringField(
        _l("Your name and surname, as a signature"), [InputRequired(), Length(max=120)]
    )


class GuardianSignForm(SignForm):
    """The same of a guardian, who says how she is related."""

    relation = StringField(
        _l("What you are to the minor (mother, father, guardian)"),
        [InputRequired(), Length(max=60)],
    )


def today() -> date:
    """Return the local date at the sites."""
    return local_today(reading(), now=clock.now())


def signing_of(form: SignForm, version: VersionView, relation: str = "") -> Signing:
    """Return what was typed, with where it came from."""
    here = device()
    return Signing(
        version_id=version.id,
        digest=form.digest.data or "",
        name=form.name.data or "",
        language=formats.language(),
        address=here.address,
        device=here.name,
        relation=relation,
    )


def receipt_answer(signature: SignatureView) -> Response:
    """Answer with a signature's receipt, in the language that was read."""
    version = signature.version
    zone = sites.by_id(reading(), version.site_id).tz
    facts = [
        (_("Site"), version.site_name),
        (_("For"), signature.person_name),
        (_("Signed by"), signature.signed_name),
    ]
    if signature.relation:
        facts.append((_("Related as"), signature.relation))
    facts += [
        (_("Signed on"), formats.moment(signature.signed_at, zone)),
        (_("Version"), str(version.number)),
        (_("Text (SHA-256)"), signature.digest),
        (_("Address of the device"), signature.address),
        (_("Device"), signature.device),
    ]
    if signature.withdrawn_at is not None:
        facts.append((_("Taken back on"), formats.moment(signature.withdrawn_at, zone)))
    pdf = receipt_pdf(
        Receipt(
            title=_("Receipt of a signature"),
            facts=tuple((str(name), value) for name, value in facts),
            heading=version.title(signature.language),
            text=version.text(signature.language),
            signed_at=signature.signed_at,
        )
    )
    response = Response(pdf, content_type="application/pdf")
    name = f"labops-{version.slug}-{version.number}.pdf"
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response
