"""What the pages of incidents share."""

from __future__ import annotations

from uuid import UUID, uuid4

from flask import Blueprint, request, send_from_directory
from flask.typing import ResponseReturnValue
from wtforms import Form

from labops.adapters import photos
from labops.blueprints.access import current_actor
from labops.blueprints.sites.base import key, put_errors
from labops.domain.incidents import queries
from labops.domain.incidents.queries import IncidentView
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.permissions import Permission

bp = Blueprint("incidents", __name__)


def found_incident(uid: str) -> IncidentView:
    """Return a report; raises `NotFound`."""
    return queries.one(reading(), key(uid))


def is_staff(site_id: int) -> bool:
    """Say whether the actor looks after the machines of the site."""
    return current_actor().may(Permission.MACHINE_EDIT, site_id)


def sent_photo(form: Form) -> str:
    """Keep the photo that was sent and return its name; none for no photo, or a wrong one.

    What is wrong with it is said at the field.
    """
    upload = request.files.get("photo")
    if upload is None or not upload.filename:
        return ""
    try:
        return photos.kept_private(upload.read(photos.MOST_BYTES + 1))
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return ""


def photo_answer(name: str) -> ResponseReturnValue:
    """Answer with a kept picture, for the reader's eyes only; raises `NotFound` for none."""
    if not photos.is_name(name):
        raise NotFound
    answer = send_from_directory(photos.private_folder(), name, mimetype=photos.KIND, max_age=0)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def nonce(text: str | None) -> str:
    """Return the nonce of a page, or a new one for any other text."""
    try:
        return str(UUID(text or ""))
    except ValueError:
        return str(uuid4())
