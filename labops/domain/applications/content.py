"""What a lab says and shows: as it is prepared, as it was sent, and as it counts. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from labops.domain.applications.states import Action
from labops.domain.calls.queries import CallView, CriterionView

# Acts by which what was sent last comes to count, and by which it does not.
_ACCEPTS = frozenset({Action.QUALIFY, Action.RENEW, Action.ACCEPT_CHANGE, Action.REINSTATE})
_REFUSES = frozenset({Action.REFUSE_CHANGE, Action.REFUSE_RENEWAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSent:
    """A file as it is named in what was sent; `valid_to` is an ISO date or empty."""

    uid: str
    criterion: str
    name: str
    digest: str
    valid_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Answers by criterion, and files in the order in which they were added."""

    answers: Mapping[str, str] = field(default_factory=dict)
    files: tuple[FileSent, ...] = ()

    def of(self, criterion: str) -> list[FileSent]:
        """Return the files that show the criterion."""
        return [each for each in self.files if each.criterion == criterion]

    @property
    def hash(self) -> str:
        """Return the SHA-256 of everything: answers, and of files their digests."""
        text = json.dumps(written(self), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent last, and what counts; each empty while there is none."""

    last: Content = Content()
    in_force: Content = Content()


def written(content: Content) -> dict[str, Any]:
    """Return the content as an entry keeps it."""
    return {
        "answers": dict(sorted(content.answers.items())),
        "files": [asdict(each) for each in content.files],
    }


def read(data: Mapping[str, Any]) -> Content:
    """Return the content that an entry keeps."""
    files = tuple(FileSent(**each) for each in data.get("files", ()))
    return Content(answers=dict(data.get("answers", {})), files=files)


def sent(entries: Iterable[tuple[str, Mapping[str, Any]]]) -> Sent:
    """Return what was sent by the acts and details of a history, in order."""
    last = in_force = Content()
    for action, detail in entries:
        if "content" in detail:
            last = read(detail["content"])
        if action in _ACCEPTS:
            in_force = last
        elif action in _REFUSES:
            last = in_force
    return Sent(last, in_force)


class Lack(StrEnum):
    """What a criterion still lacks."""

    ANSWER = "answer"
    FILE = "file"
    END = "end"


def lacks(criterion: CriterionView, content: Content, on: date) -> tuple[Lack, ...]:
    """Return what the criterion lacks on the day; a merit without files lacks nothing."""
    files = content.of(criterion.slug)
    answered = bool(content.answers.get(criterion.slug, "").strip())
    if criterion.merit and not files:
        return ()
    found = [Lack.ANSWER] if not (answered or criterion.merit) else []
    if criterion.evidence and not files:
        found.append(Lack.FILE)
    elif criterion.dated and not _holds(files, on):
        found.append(Lack.END)
    return tuple(found)


def missing(call: CallView, content: Content, on: date) -> tuple[str, ...]:
    """Return the criteria that still lack an answer, a file, or one that holds on the day."""
    return tuple(each.slug for each in call.criteria if lacks(each, content, on))


def lapsed(call: CallView, content: Content, on: date) -> tuple[str, ...]:
    """Return the criteria whose evidence has ended: every file of theirs that has an end."""
    return tuple(
        each.slug
        for each in call.criteria
        if each.dated and content.of(each.slug) and not _holds(content.of(each.slug), on)
    )


def lapses_on(call: CallView, content: Content) -> date | None:
    """Return the last day on which all evidence with an end still holds."""
    ends = [
        max(date.fromisoformat(one.valid_to) for one in content.of(each.slug) if one.valid_to)
        for each in call.criteria
        if each.dated and any(one.valid_to for one in content.of(each.slug))
    ]
    return min(ends, default=None)


def changed(call: CallView, now: Content, before: Content) -> tuple[str, ...]:
    """Return the criteria about which something else is said or shown than before."""
    return tuple(
        each.slug
        for each in call.criteria
        if now.answers.get(each.slug, "") != before.answers.get(each.slug, "")
        or _shown(now, each.slug) != _shown(before, each.slug)
    )


def differences(
    now: Content, before: Content, criteria: Iterable[str]
) -> dict[str, dict[str, list[str] | str]]:
    """Return by criterion what was said and shown before, and what is now."""
    return {
        slug: {
            "text_before": before.answers.get(slug, ""),
            "text_after": now.answers.get(slug, ""),
            "files_before": [each.name for each in before.of(slug)],
            "files_after": [each.name for each in now.of(slug)],
        }
        for slug in criteria
    }


def _shown(content: Content, slug: str) -> list[tuple[str, str]]:
    return sorted((each.digest, each.valid_to) for each in content.of(slug))


def _holds(files: Iterable[FileSent], on: date) -> bool:
    return any(each.valid_to and date.fromisoformat(each.valid_to) >= on for each in files)
