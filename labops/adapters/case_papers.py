"""A case on paper: the receipt of what was sent, and letters as PDF."""

from __future__ import annotations

from datetime import datetime

from flask_babel import get_locale
from flask_babel import gettext as _

from labops.adapters.case_letters import CaseLetter
from labops.adapters.case_words import action_name
from labops.adapters.notices.words import moment
from labops.adapters.receipts import Receipt, receipt_pdf
from labops.domain.applications import content as contents
from labops.domain.applications.casefile import CaseFile
from labops.domain.applications.views import EntryView

ZONE = "Europe/Rome"


def receipt(file: CaseFile, entry: EntryView) -> bytes:
    """Return the receipt of something that the lab sent, with its number and the file's hash."""
    language = str(get_locale() or "en")[:2]
    sent = contents.read(entry.detail.get("content", {}))
    lines = []
    for each in file.call.criteria:
        lines.append(each.title(language))
        lines.append(sent.answers.get(each.slug, "–"))
        lines += [
            _("File: %(name)s, SHA-256 %(digest)s", name=one.name, digest=one.digest)
            for one in sent.of(each.slug)
        ]
        lines.append("")
    return receipt_pdf(
        Receipt(
            title=_("Receipt: %(act)s", act=action_name(entry.action)),
            facts=(
                (_("Protocol"), entry.protocol),
                (_("Received"), moment(entry.at, ZONE)),
                (_("Lab"), file.lab.legal_name or file.lab.public_name),
                (_("Call"), file.call.title(language)),
                (_("Sent by"), entry.person),
                (_("SHA-256 of the file"), str(entry.detail.get("hash", ""))),
            ),
            heading=_("What was sent"),
            text="\n".join([*([entry.note, ""] if entry.note else []), *lines]),
            signed_at=entry.at,
        )
    )


def letter_pdf(letter: CaseLetter, at: datetime) -> bytes:
    """Return a letter as a PDF; the same letter gives the same bytes."""
    return receipt_pdf(
        Receipt(
            title=letter.subject,
            facts=((_("Addressee"), letter.to), (_("Register"), letter.number or "–")),
            heading="",
            text="\n\n".join((*letter.body, *letter.act)),
            signed_at=at,
        )
    )
