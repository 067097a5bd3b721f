"""House rules written as plain data that `read_rules` gives back unchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from labops.domain.house_rules.limits import ALWAYS, Exempt, Limit, Quota, Unit, When, usual_scope
from labops.domain.house_rules.parts import (
    Audience,
    Charge,
    FieldRule,
    Overnight,
    Price,
    Release,
    Strikes,
)
from labops.domain.house_rules.shape import HouseRules
from labops.domain.house_rules.timetables import (
    WEEKDAYS,
    Season,
    Timetable,
    write_hours,
    write_minute,
)

Writer = Callable[[Any], Any]

_MINUTES = (
    "grid", "shortest", "longest", "notice", "cancel_notice", "early_check_in", "grace",
)  # fmt: skip
_COUNTS = ("horizon_days", "one_at_a_time", "open_bookings")


def minutes(length: timedelta) -> int:
    """Return a length of time in whole minutes."""
    return int(length.total_seconds() // 60)


def write_rules(rules: HouseRules) -> dict[str, Any]:
    """Return the rules as plain data; what says no more than its absence is left out."""
    data: dict[str, Any] = {f"{name}_minutes": minutes(getattr(rules, name)) for name in _MINUTES}
    data |= {name: getattr(rules, name) or 0 for name in _COUNTS}
    data["unattended"] = rules.unattended
    data["quotas"] = [write_quota(quota) for quota in rules.quotas]
    silent = HouseRules()
    for key, (name, write) in _OTHERS.items():
        value = getattr(rules, name)
        if value != getattr(silent, name):
            data[key] = write(value)
    if rules.timetables:
        data["timetables"] = {table.name: write_timetable(table) for table in rules.timetables}
    return data


def write_quota(quota: Quota) -> dict[str, Any]:
    """Return a quota as plain data."""
    data: dict[str, Any] = {"name": quota.name} if quota.name else {}
    data |= _amount(quota.unit, quota.limit, quota.count)
    data |= {"window": str(quota.window), "scope": str(quota.scope)}
    data |= {"rolling_days": quota.rolling_days} if quota.rolling_days else {}
    data |= {"week_starts": WEEKDAYS[quota.week_starts]} if quota.week_starts else {}
    data |= {} if quota.missed_counts else {"missed_counts": False}
    data |= {"late_cancelled_counts": True} if quota.late_cancelled_counts else {}
    data |= {"sums": str(quota.sums)} if quota.sums != "person" else {}
    return data | _when(quota.when)


def write_limit(limit: Limit) -> dict[str, Any]:
    """Return a bound limit as plain data."""
    data: dict[str, Any] = {"rule": str(limit.rule)}
    data |= {"name": limit.name} if limit.name else {}
    data |= _amount(limit.unit, limit.length, limit.count)
    data |= {"until": write_minute(limit.until)} if limit.until is not None else {}
    if limit.scope is not usual_scope(limit.rule):
        data["scope"] = str(limit.scope)
    data |= {} if limit.begun else {"begun": False}
    return data | _when(limit.when)


def write_timetable(table: Timetable) -> dict[str, Any]:
    """Return a timetable as plain data, without its name."""
    data: dict[str, Any] = {"hours": write_hours(table.hours)}
    data |= {"holidays": str(table.holidays)} if table.holidays != "as-usual" else {}
    data |= {"seasons": [_season(season) for season in table.seasons]} if table.seasons else {}
    return data


def _amount(unit: Unit, length: timedelta, count: int) -> dict[str, int]:
    return {str(unit): minutes(length) if unit is Unit.MINUTES else count}


def _when(when: When) -> dict[str, Any]:
    if when == ALWAYS:
        return {}
    data: dict[str, Any] = {
        key: list(getattr(when, key))
        for key in ("categories", "machines", "plans")
        if getattr(when, key)
    }
    data |= {"during": when.during.name} if when.during else {}
    data |= {"outside": when.outside.name} if when.outside else {}
    data |= {"whole": True} if when.whole else {}
    data |= {"exempt": _exempt(when.exempt)} if when.exempt else {}
    data |= {"beyond": str(when.beyond)} if when.beyond != "refuse" else {}
    return data


def _exempt(exempt: Exempt) -> dict[str, Any]:
    data: dict[str, Any] = {
        key: True for key in ("same_date", "same_week", "walk_in") if getattr(exempt, key)
    }
    if exempt.same_date_after is not None:
        data["same_date_after"] = write_minute(exempt.same_date_after)
    if exempt.within is not None:
        data["within_minutes"] = minutes(exempt.within)
    return data


def _season(season: Season) -> str:
    return f"{season.first}/{season.last}"


def _overnight(shape: Overnight) -> dict[str, Any]:
    data: dict[str, Any] = {
        "starts_from": write_minute(shape.starts_from),
        "ends_by": write_minute(shape.ends_by),
    }
    data |= {"shortest_minutes": minutes(shape.shortest)} if shape.shortest else {}
    data |= {} if shape.longest is None else {"longest_minutes": minutes(shape.longest)}
    return data


def _release(release: Release) -> dict[str, Any]:
    data: dict[str, Any] = {"at": write_minute(release.at), "first_day": release.first_day}
    if release.weekday is not None:
        data["on"] = WEEKDAYS[release.weekday]
    else:
        data["on_day_of_month"] = release.month_day
    return data | ({"days": release.days} if release.month is None else {"month": release.month})


def _audience(audience: Audience) -> dict[str, Any]:
    data: dict[str, Any] = {"during": audience.during.name}
    data |= {key: list(getattr(audience, key)) for key in ("plans", "groups")}
    data |= {key: getattr(audience, key) for key in ("youngest", "oldest")}
    return {key: value for key, value in data.items() if value}


def _charge(charge: Charge) -> dict[str, Any]:
    data: dict[str, Any] = {"within_minutes": minutes(charge.within), "percent": charge.percent}
    return data | ({"first_hour": True} if charge.first_hour else {})


def _strikes(strikes: Strikes) -> dict[str, Any]:
    names = ("missed", "in_days", "suspended_days", "late_cancelled")
    return {name: getattr(strikes, name) for name in names}


def _price(price: Price) -> dict[str, Any]:
    data: dict[str, Any] = {"per_hour": str(price.per_hour), "per_use": str(price.per_use)}
    data |= {"plans": list(price.plans)} if price.plans else {}
    data |= {"during": price.during.name} if price.during else {}
    return data | ({"included_minutes": minutes(price.included)} if price.included else {})


def _each(write: Writer) -> Writer:
    return lambda values: [write(value) for value in values]


def _off_is(off: Any, write: Writer) -> Writer:
    return lambda value: off if value is None else write(value)


def _field(rule: FieldRule) -> dict[str, Any]:
    data: dict[str, Any] = {"name": rule.name, "required": rule.required}
    data |= {"values": list(rule.values)} if rule.values else {}
    return data | ({"excluded": list(rule.excluded)} if rule.excluded else {})


def _same(value: Any) -> Any:
    return value


def _named(table: Timetable) -> str:
    return table.name


def _weekdays(days: Iterable[int]) -> list[str]:
    return [WEEKDAYS[day] for day in days]


_OTHERS: dict[str, tuple[str, Writer]] = {
    "lengths_minutes": ("lengths", _each(minutes)),
    "sessions": ("sessions", lambda v: {one.name: write_hours(one.hours) for one in v}),
    "overnight": ("overnight", _overnight),
    "notice_days": ("notice_days", _same),
    "notice_working_days": ("notice_working_days", _same),
    "notice_until": ("notice_until", write_minute),
    "horizon_minutes": ("horizon", minutes),
    "horizon_opens": ("horizon_opens", write_minute),
    "horizon_days_with_approval": ("horizon_days_with_approval", _same),
    "releases": ("releases", _each(_release)),
    "open_hours": ("open_hours", _named),
    "closed_days": ("closed_days", _each(lambda days: f"{days.first}/{days.last}")),
    "latest_start_minutes": ("latest_start", minutes),
    "staffed_hours": ("staffed_hours", _named),
    "staffed_only": ("staffed_only", _same),
    "audiences": ("audiences", _each(_audience)),
    "setup_minutes": ("setup", minutes),
    "cleanup_minutes": ("cleanup", minutes),
    "buffers_inside": ("buffers_inside", _same),
    "gap_minutes": ("gap", minutes),
    "next_once_begun": ("next_once_begun", _same),
    "limits": ("limits", _each(write_limit)),
    "certification_needed": ("certification_needed", _same),
    "certification_level": ("certification_level", _same),
    "certifications_needed": ("certifications_needed", list),
    "waiver_needed": ("waiver_needed", _same),
    "youngest": ("youngest", _same),
    "youngest_supervised": ("youngest_supervised", _same),
    "oldest": ("oldest", _same),
    "guardian_consent_below": ("guardian_consent_below", _same),
    "approval": ("approval", str),
    "approval_outside": ("approval_outside", _named),
    "approval_above_minutes": ("approval_above", minutes),
    "approval_held_minutes": ("approval_held", minutes),
    "cancel_notice_days": ("cancel_notice_days", _same),
    "cancel_notice_working_days": ("cancel_notice_working_days", _same),
    "cancel_until": ("cancel_until", write_minute),
    "move_notice_minutes": ("move_notice", minutes),
    "late_cancel": ("late_cancel", str),
    "late_charges": ("late_charges", _each(_charge)),
    "forgiven_when_taken": ("forgiven_when_taken", _same),
    "strikes": ("strikes", _strikes),
    "waiting_list": ("waiting_list", _same),
    "offer_held_minutes": ("offer_held", minutes),
    "fields": ("fields", _each(_field)),
    "prices": ("prices", _each(_price)),
    "working_days": ("working_days", _weekdays),
}
