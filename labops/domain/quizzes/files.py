"""A bank as a TOML file: out, and in again whole or not at all, with every error listed."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from labops.domain.quizzes import bank, queries
from labops.domain.quizzes import content as contents
from labops.domain.quizzes.bank import DescribeTopic
from labops.domain.quizzes.content import Content, Option
from labops.domain.quizzes.states import QuestionKind
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, Problem
from labops.kernel.ids import slug_of
from labops.kernel.permissions import Actor
from labops.kernel.text import without_controls

MOST_ENTRIES = 2000
_TOPIC_KEYS = {"slug", "name_it", "name_en", "minimum"}
_QUESTION_KEYS = {"slug", "topic", "kind", "retired", "options", *contents.TEXTS}
_OPTION_KEYS = {"it", "en", "correct"}


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or would do: questions by their short names."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    same: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One question of a file."""

    slug: str
    topic: str
    retired: bool
    content: Content


class _Dry(Exception):
    def __init__(self, done: Imported) -> None:
        self.done = done


def import_bank(
    slug: str, text: str, *, actor: Actor, now: datetime, dry_run: bool = False
) -> Imported:
    """Add and change topics and questions as the file says; what it does not name stays.

    Raises `NotFound`, `Forbidden`, `Refused` when a shown quiz would lack questions, and `Invalid`
    with every error, its `entry` saying which part of the file (`questions[3]`).
    """
    topics, entries = read(text)
    try:
        with unit_of_work() as session:
            quiz = bank.editable(session, slug, actor)
            done = _put(session, quiz.id, topics, entries, actor=actor, now=now)
            bank.keep_drawable(session, quiz)
            after = {"added": len(done.added), "changed": len(done.changed)}
            audit.record(session, actor, "quiz.bank-imported", f"quiz:{slug}", now=now, after=after)
            if dry_run:
                raise _Dry(done)
            return done
    except _Dry as dry:
        return dry.done


def read(text: str) -> tuple[list[DescribeTopic], list[Entry]]:
    """Return what a file says; raises `Invalid` with everything that is wrong with it."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Invalid.field("text", "quiz.not-toml", entry="", why=str(error)) from error
    problems = [_at("", key, "field.unknown") for key in data.keys() - {"topics", "questions"}]
    topics = [_topic(raw, f"topics[{n}]", problems) for n, raw in _tables(data, "topics", problems)]
    names = {topic.slug for topic in topics}
    entries: list[Entry] = []
    for number, raw in _tables(data, "questions", problems):
        entry = _entry(raw, f"questions[{number}]", problems)
        if any(one.slug == entry.slug for one in entries):
            problems.append(_at(f"questions[{number}]", "slug", "field.doubled"))
        if entry.topic and entry.topic not in names:
            params = {"value": entry.topic}
            problems.append(_at(f"questions[{number}]", "topic", "field.not-offered", **params))
        entries.append(entry)
    if problems:
        raise Invalid(problems)
    return topics, entries


def written(session: Session, quiz_id: int) -> str:
    """Return the bank as a file that `import_bank` reads back to the same."""
    parts = []
    for topic in queries.topics_of(session, quiz_id).values():
        lines = [f"{key} = {_value(getattr(topic, key))}" for key in sorted(_TOPIC_KEYS)]
        parts.append("\n".join(["[[topics]]", *lines]))
    for question in queries.questions(session, quiz_id):
        said = question.content
        values: dict[str, Any] = {"slug": question.slug, "kind": said.kind.value}
        values |= {"topic": question.topic} if question.topic else {}
        values |= {"retired": True} if question.retired_at else {}
        values |= {name: getattr(said, name) for name in contents.TEXTS}
        lines = [f"{key} = {_value(value)}" for key, value in values.items()]
        options = [
            "  { " + ", ".join(f"{key} = {_value(value)}" for key, value in raw.items()) + " },"
            for raw in map(asdict, said.options)
        ]
        parts.append("\n".join(["[[questions]]", *lines, "options = [", *options, "]"]))
    return "\n\n".join(parts) + "\n"


def _put(
    session: Session,
    quiz_id: int,
    topics: list[DescribeTopic],
    entries: list[Entry],
    *,
    actor: Actor,
    now: datetime,
) -> Imported:
    before = {one.slug: one for one in queries.questions(session, quiz_id)}
    ids = {topic.slug: bank.put_topic(session, quiz_id, topic).id for topic in topics}
    added, changed = [], []
    for entry in entries:
        known = before.get(entry.slug)
        if known is None:
            added.append(entry.slug)
        elif (known.content, known.topic, known.retired_at is not None) != (
            entry.content,
            entry.topic,
            entry.retired,
        ):
            changed.append(entry.slug)
        else:
            continue
        bank.put_question(
            session,
            quiz_id,
            entry.slug,
            entry.content,
            topic_id=ids.get(entry.topic),
            actor=actor,
            now=now,
        )
        row = queries.question_row(session, quiz_id, entry.slug)
        if row is not None and entry.retired != (row.retired_at is not None):
            row.retired_at = now if entry.retired else None
    same = len(entries) - len(added) - len(changed)
    return Imported(tuple(added), tuple(changed), same)


def _tables(
    data: Mapping[str, Any], name: str, problems: list[Problem]
) -> Iterator[tuple[int, Mapping[str, Any]]]:
    raw = data.get(name, [])
    if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
        problems.append(_at("", name, "quiz.not-tables"))
        return
    if len(raw) > MOST_ENTRIES:
        problems.append(_at("", name, "inventory.too-long"))
        return
    yield from enumerate(raw, start=1)


def _topic(raw: Mapping[str, Any], entry: str, problems: list[Problem]) -> DescribeTopic:
    _unknown(raw, _TOPIC_KEYS, entry, problems)
    minimum = raw.get("minimum", 0)
    if not isinstance(minimum, int) or isinstance(minimum, bool):
        problems.append(_at(entry, "minimum", "field.not-a-number", value=str(minimum)))
        minimum = 0
    topic = DescribeTopic(
        slug=_text(raw, "slug", entry, problems),
        name_it=_text(raw, "name_it", entry, problems),
        name_en=_text(raw, "name_en", entry, problems),
        minimum=minimum,
    )
    problems += _placed(entry, bank.problems_of_topic(topic))
    return topic


def _entry(raw: Mapping[str, Any], entry: str, problems: list[Problem]) -> Entry:
    """Return a question as far as it can be read, and add everything that is wrong with it."""
    found: list[Problem] = []
    _unknown(raw, _QUESTION_KEYS, entry, found)
    kind = raw.get("kind", QuestionKind.SINGLE.value)
    if kind not in {one.value for one in QuestionKind}:
        found.append(_at(entry, "kind", "field.not-offered", value=str(kind)))
        kind = QuestionKind.MULTIPLE.value
    slug = _text(raw, "slug", entry, found)
    if not slug or slug != slug_of(slug) or slug == "new":
        found.append(_at(entry, "slug", "field.not-a-short-name", value=slug))
    texts = {name: _text(raw, name, entry, found) for name in contents.TEXTS}
    options = _options(raw.get("options", []), entry, found)
    retired = raw.get("retired", False)
    if not isinstance(retired, bool):
        found.append(_at(entry, "retired", "field.not-yes-or-no", value=str(retired)))
    topic = _text(raw, "topic", entry, found)
    content = Content(kind=QuestionKind(kind), options=options, **texts)
    told = {one.params["field"] for one in found}
    wrong = _placed(entry, contents.problems_of(content))
    problems += found + [one for one in wrong if one.params["field"] not in told]
    return Entry(slug=slug, topic=topic, retired=retired is True, content=content)


def _options(raw: Any, entry: str, problems: list[Problem]) -> tuple[Option, ...]:
    if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
        problems.append(_at(entry, "options", "quiz.not-tables"))
        return ()
    options = []
    for number, one in enumerate(raw, start=1):
        place = f"{entry}.options[{number}]"
        _unknown(one, _OPTION_KEYS, place, problems)
        correct = one.get("correct", False)
        if not isinstance(correct, bool):
            problems.append(_at(place, "correct", "field.not-yes-or-no", value=str(correct)))
        words = {name: _text(one, name, place, problems) for name in ("it", "en")}
        options.append(Option(correct=correct is True, **words))
    return tuple(options)


def _text(raw: Mapping[str, Any], name: str, entry: str, problems: list[Problem]) -> str:
    value = raw.get(name, "")
    if not isinstance(value, str):
        problems.append(_at(entry, name, "quiz.not-text"))
        return ""
    return without_controls(value).strip()


def _unknown(raw: Mapping[str, Any], known: set[str], entry: str, problems: list[Problem]) -> None:
    problems += [_at(entry, key, "field.unknown") for key in sorted(raw.keys() - known)]


def _placed(entry: str, problems: list[Problem]) -> list[Problem]:
    return [Problem(one.code, {**one.params, "entry": entry}) for one in problems]


def _at(entry: str, field: str, code: str, **params: Any) -> Problem:
    return Problem(code, {"field": field, "entry": entry, **params})


def _value(value: str | bool | int) -> str:  # noqa: FBT001 - any value of a file
    """Return a value as TOML writes it: its strings are JSON's but for the delete sign."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
