"""The form of house rules, and the way between it and the data that the rules are kept as."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Form, SelectField, validators
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types

from labops.blueprints import formats
from labops.blueprints.sites.fields import Choice, Length, Whole
from labops.blueprints.sites.words import minutes
from labops.domain.house_rules.values import GRIDS, HouseRules, QuotaScope, Window, read_rules

QUOTA_ROWS = range(8)
SPARE_ROWS = 2
LENGTHS = ("shortest", "longest", "notice", "cancel_notice", "early_check_in", "grace")
COUNTS = ("horizon_days", "open_bookings", "one_at_a_time")


class LimitsForm(Form):
    """Every rule; an empty field of a kind or a machine leaves it as the levels below say."""

    grid = Choice(
        _l("Bookings start and last in steps of"),
        [validators.Optional()],
    )
    shortest = Length(_l("Shortest booking"), [validators.Optional()])
    longest = Length(_l("Longest booking"), [validators.Optional()])
    notice = Length(
        _l("Notice"),
        [validators.Optional()],
        description=_l("How long before its start a booking must be made."),
    )
    horizon_days = Whole(_l("Days that one may book ahead"), [validators.Optional()])
    open_bookings = Whole(
        _l("Bookings still to come that one person may have"),
        [validators.Optional()],
        description=_l("0 means no limit."),
    )
    one_at_a_time = Whole(
        _l("Machines that one person may have at the same time"),
        [validators.Optional()],
        description=_l("0 means no limit."),
    )
    cancel_notice = Length(
        _l("Cancelling"),
        [validators.Optional()],
        description=_l("How long before the start one must cancel."),
    )
    early_check_in = Length(
        _l("Early check-in"),
        [validators.Optional()],
        description=_l("How long before the start one may check in."),
    )
    grace = Length(
        _l("Grace"),
        [validators.Optional()],
        description=_l("How long after the start a booking waits for its check-in."),
    )
    unattended = Choice(
        _l("May go on alone while the site is closed"),
        [validators.Optional()],
    )
    own_quotas = BooleanField(_l("These quotas stand in place of those of the site"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inherit = ("", _l("As the site says"))
        steps = [(str(n), formats.duration(timedelta(minutes=n))) for n in GRIDS]
        self.grid.choices = [inherit, *steps]
        self.unattended.choices = [inherit, ("no", _l("No")), ("yes", _l("Yes"))]

    def whole(self) -> None:
        """Make every rule needed, as nothing stands below the site that could say it."""
        for name in ("grid", "unattended"):
            field: Any = self[name]
            field.choices = [choice for choice in field.choices if choice[0]]
        for name in ("grid", "unattended", *LENGTHS, *COUNTS):
            self[name].flags.required = True

    def quota_rows(self) -> list[tuple[Any, Any, Any]]:
        """Return the three fields of each quota."""
        return [(self[f"limit_{n}"], self[f"window_{n}"], self[f"scope_{n}"]) for n in QUOTA_ROWS]

    def shown_rows(self) -> list[tuple[Any, Any, Any]]:
        """Return the rows that are filled in, and two more to fill in."""
        rows = self.quota_rows()
        used = [n for n, (limit, _window, _scope) in enumerate(rows) if limit.data or limit.errors]
        return rows[: max(used, default=-1) + 1 + SPARE_ROWS]


def _quota_fields() -> dict[str, Any]:
    made: dict[str, Any] = {}
    for n in QUOTA_ROWS:
        made[f"limit_{n}"] = Length(_l("At most"), [validators.Optional()])
        made[f"window_{n}"] = SelectField(
            _l("In each"),
            choices=[
                SelectChoice(Window.WEEK.value, _l("week")),
                SelectChoice(Window.DAY.value, _l("day")),
            ],
            validate_choice=False,  # rows that the page did not show are not sent
        )
        made[f"scope_{n}"] = SelectField(
            _l("Adding up"),
            choices=[
                SelectChoice(QuotaScope.MACHINE.value, _l("one machine")),
                SelectChoice(QuotaScope.CATEGORY.value, _l("machines of one kind")),
                SelectChoice(QuotaScope.SITE.value, _l("all machines of the site")),
            ],
            validate_choice=False,
        )
    return made


RulesForm: type[LimitsForm] = type("RulesForm", (LimitsForm,), _quota_fields())


def form_of(own: Mapping[str, Any], *, whole: bool) -> LimitsForm:
    """Return the form that shows a level's rules; a whole level shows every rule there is."""
    rules = read_rules(own) if whole else None
    values: dict[str, Any] = {}
    for name in LENGTHS:
        values[name] = getattr(rules, name) if rules else _minutes_of(own, name)
    for name in COUNTS:
        values[name] = (getattr(rules, name) or 0) if rules else own.get(name)
    values["grid"] = str(minutes(rules.grid)) if rules else str(own.get("grid_minutes", ""))
    unattended = rules.unattended if rules else own.get("unattended")
    values["unattended"] = {None: "", True: "yes", False: "no"}[unattended]
    values["own_quotas"] = "quotas" in own
    simple = [quota for quota in own.get("quotas", ()) if _is_shown(quota)]
    for n, quota in zip(QUOTA_ROWS, simple, strict=False):
        values[f"limit_{n}"] = timedelta(minutes=quota["minutes"])
        values[f"window_{n}"] = quota["window"]
        values[f"scope_{n}"] = quota["scope"]
    form = RulesForm(data=values)
    if whole:
        form.whole()
    return form


def unshown(own: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a level says besides the form, so that saving the form does not lose it."""
    shown = {f"{name}_minutes" for name in (*LENGTHS, "grid")} | {*COUNTS, "unattended", "quotas"}
    kept = {key: value for key, value in own.items() if key not in shown}
    if "quotas" in data:
        others = [quota for quota in own.get("quotas", ()) if not _is_shown(quota)]
        kept["quotas"] = [*data["quotas"], *others]
    return kept


def _is_shown(quota: Mapping[str, Any]) -> bool:
    """Say whether the rows of the form can say all of a quota."""
    windows, scopes = {Window.DAY, Window.WEEK}, set(QuotaScope) - {QuotaScope.EVERYWHERE}
    return (
        set(quota) == {"minutes", "window", "scope"}
        and quota["window"] in windows
        and quota["scope"] in scopes
    )


def read_form(form: LimitsForm, *, whole: bool) -> dict[str, Any] | None:
    """Return the data of the level, or `None` after saying at each field what is wrong."""
    if whole:
        form.whole()
    valid = form.validate()
    if whole:
        valid = _all_answered(form) and valid
    quotas = [
        {"minutes": minutes(limit.data), "window": window.data, "scope": scope.data}
        for limit, window, scope in form.quota_rows()
        if limit.data
    ]
    if quotas and not whole and not form.own_quotas.data:
        form.own_quotas.errors = [_("Tick this box, or leave the quotas below empty.")]
        valid = False
    if not valid:
        return None
    data: dict[str, Any] = {
        f"{name}_minutes": minutes(form[name].data)
        for name in LENGTHS
        if form[name].data is not None
    }
    data |= {name: form[name].data for name in COUNTS if form[name].data is not None}
    if form.grid.data:
        data["grid_minutes"] = int(form.grid.data)
    if form.unattended.data:
        data["unattended"] = form.unattended.data == "yes"
    if whole or form.own_quotas.data:
        data["quotas"] = quotas
    return data


def _all_answered(form: LimitsForm) -> bool:
    complete = True
    for name in (*LENGTHS, *COUNTS):
        if form[name].data is None and not form[name].errors:
            form[name].errors = [_("This field must be filled in.")]
            complete = False
    return complete


def _minutes_of(own: Mapping[str, Any], name: str) -> timedelta | None:
    value = own.get(f"{name}_minutes")
    return None if value is None else timedelta(minutes=value)


def hints(inherited: HouseRules) -> dict[str, str]:
    """Return in words what holds by field when a kind or a machine leaves it empty."""
    said: dict[str, str] = {
        name: formats.duration(getattr(inherited, name)) for name in (*LENGTHS, "grid")
    }
    for name in COUNTS:
        count = getattr(inherited, name)
        said[name] = _("no limit") if count is None else str(count)
    said["unattended"] = _("Yes") if inherited.unattended else _("No")
    return {
        name: _("Empty means as the site says: %(value)s.", value=v) for name, v in said.items()
    }
