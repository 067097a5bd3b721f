"""House rules as a file: RULES.toml read into levels, and levels written as TOML.

The keys at the top are the site's; `[categories.X]`, `[machines.X]` and `[plans.X]` say what
differs there, and `[plans.X.categories.Y]` what differs for one plan on one category only.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from labops.domain.house_rules.atoms import Wrong, slug, wrong
from labops.domain.house_rules.parts import StartFrom
from labops.domain.house_rules.places import line_of_fault, with_lines
from labops.domain.house_rules.reading import laid_over, merged_levels, read_rules
from labops.domain.house_rules.shape import HouseRules, Level
from labops.domain.house_rules.values import level_keys
from labops.kernel.errors import Invalid, Problem

Data = Mapping[str, Any]
Levels = Mapping[tuple[str, str], Data]
_TABLES = {"categories": Level.CATEGORY, "machines": Level.MACHINE, "plans": Level.PLAN}
_SITE = (Level.SITE.value, "")


@dataclass(frozen=True, slots=True)
class RuleFile:
    """All levels of one site's rules, as the database keeps them too."""

    levels: Levels

    def of(self, *, category: str, machine: str, plan: str = "") -> HouseRules:
        """Return the rules for a machine and a plan; raises `Invalid` when they contradict."""
        keys = level_keys(category=category, machine=machine, plan=plan)
        return laid_over(self.levels.get(key, {}) for key in keys)


def read_file(text: str) -> RuleFile:
    """Read a RULES.toml; raises `Invalid` naming each wrong key by its place."""
    data = _read(text)
    try:
        levels = dict(_levels(data))
    except Wrong as error:
        raise Invalid(with_lines(error.at(""), text)) from error
    site = levels[_SITE]
    site.setdefault("start_from", StartFrom.NOTHING.value)
    problems = list(_problems(site, site))
    # Levels above are read with what the site says, or only with its timetables if that is wrong.
    shared = {"timetables": site.get("timetables", {})} if problems else site
    for (level, key), own in levels.items():
        if level != Level.SITE.value:
            # What several levels say together is looked at for each machine that there is.
            whole = level == Level.CATEGORY.value and not problems
            found = _problems(merged_levels([shared, own]), own, whole=whole)
            problems += Wrong(found).at(place_of(level, key))
    if problems:
        raise Invalid(with_lines(problems, text))
    return RuleFile(levels)


def write_file(levels: Levels) -> str:
    """Return the levels as the text of a RULES.toml that `read_file` gives back."""
    site = {"start_from": StartFrom.USUAL.value, **levels.get(_SITE, {})}
    lines = list(_table("", site))
    for (level, key), data in sorted(levels.items()):
        if level != Level.SITE.value and data:
            lines += _table(place_of(level, key), data)
    return "\n".join(lines).strip("\n") + "\n"


def read_level(text: str) -> dict[str, Any]:
    """Read what one level says, its keys at the top; raises `Invalid` for what is not TOML."""
    return _read(text)


def write_level(data: Data) -> str:
    """Return what one level says as TOML that `read_level` gives back."""
    text = "\n".join(_table("", data)).strip("\n")
    return f"{text}\n" if text else ""


def place_of(level: str, key: str) -> str:
    """Return where a level stands in a file: `plans.student.categories.laser`."""
    if level == Level.SITE.value:
        return "site"
    names = {level.value: name for name, level in _TABLES.items()}
    parts = key.split(":")
    path = [names.get(level, level), parts[0]]
    for kind, name in zip(parts[1::2], parts[2::2], strict=False):
        path += [names[kind], name]
    return ".".join(_key(part) for part in path)


def _problems(data: Data, own: Data, *, whole: bool = True) -> Iterator[Problem]:
    """Yield what is wrong with the data, without what only the levels below are to blame for."""
    try:
        read_rules(data, whole=whole)
    except Invalid as error:
        for problem in error.problems:
            below = str(problem.params.get("field", "")).startswith("timetables")
            if "timetables" in own or not below:
                yield problem


def _levels(data: dict[str, Any]) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    site = {key: value for key, value in data.items() if key not in _TABLES}
    yield _SITE, site
    for name, level in _TABLES.items():
        for key, own in _tables(data.get(name, {}), name):
            narrower = {}
            if level is Level.PLAN:
                narrower = {inner: own.pop(inner, {}) for inner in ("categories", "machines")}
            yield (level.value, key), own
            for inner, tables in narrower.items():
                for of, its in _tables(tables, f"{name}.{key}.{inner}"):
                    yield (level.value, f"{key}:{_TABLES[inner].value}:{of}"), its


def _tables(value: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(value, dict):
        raise Wrong(wrong("rules.not-a-table", value).at(place))
    for key, own in value.items():
        try:
            slug(key)
        except Wrong as error:
            raise Wrong(error.at(place)) from error
        if not isinstance(own, dict):
            raise Wrong(wrong("rules.not-a-table", own).at(f"{place}.{key}"))
        yield key, dict(own)


def _read(text: str) -> dict[str, Any]:
    try:
        data: dict[str, Any] = _plain(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        why = str(error) or type(error).__name__
        params = {"field": "", "why": why, "line": line_of_fault(why, text)}
        raise Invalid([Problem("rules.not-toml", params)]) from error
    return data


def _plain(value: Any) -> Any:
    """Return the value as JSON knows it: dates and times of TOML as text."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes")
    return value


def _table(place: str, data: Data) -> Iterator[str]:
    if place:
        yield f"\n[{place}]"
    for key, value in data.items():
        if key != "timetables":
            yield f"{_key(key)} = {_value(value, wide=True)}"
    for name, table in data.get("timetables", {}).items():
        inner = f"timetables.{_key(name)}"
        yield f"\n[{place}.{inner}]" if place else f"\n[{inner}]"
        for key, value in table.items():
            yield f"{_key(key)} = {_value(value)}"


def _value(value: Any, *, wide: bool = False) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        if wide and any(isinstance(one, Mapping) for one in value):
            return "[\n" + "".join(f"  {_value(one)},\n" for one in value) + "]"
        return f"[{', '.join(_value(one) for one in value)}]"
    return str(value)


def _key(key: str) -> str:
    bare = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if bare else _text(key)


def _text(text: str) -> str:
    escaped = "".join(
        f"\\u{ord(sign):04x}" if ord(sign) < ord(" ") or ord(sign) == 127 else sign  # noqa: PLR2004
        for sign in text.replace("\\", "\\\\").replace('"', '\\"')
    )
    return f'"{escaped}"'
