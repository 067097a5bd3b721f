"""Writing down what was done on a machine, and its history, cost and dependability."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    FileField,
    Form,
    HiddenField,
    SelectMultipleField,
    validators,
    widgets,
)

from labops.blueprints.access import current_actor, requires
from labops.blueprints.csv_answers import csv_answer
from labops.blueprints.incidents.base import nonce, photo_answer, sent_photo
from labops.blueprints.inductions.forms import Euro
from labops.blueprints.machines.base import staffed_machine
from labops.blueprints.maintenance.base import bp
from labops.blueprints.sites.base import asked, found_site, key, put_errors
from labops.blueprints.sites.fields import Prose, Whole, Words, needed
from labops.domain.incidents import queries as incidents
from labops.domain.machines import queries as machines
from labops.domain.machines.queries import MachineView
from labops.domain.maintenance import history, parts, upkeep
from labops.domain.maintenance.history import PlanView
from labops.domain.maintenance.upkeep import LogTask
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.interval import Interval
from labops.kernel.permissions import Permission

EDIT = Permission.MACHINE_EDIT
PERIOD = timedelta(days=365)


class TaskForm(Form):
    """What was done, how long it took, what it cost; parts are asked besides."""

    title = Words(
        _l("What was done"),
        [needed(), validators.Length(max=120, message=_l("This is too long."))],
    )
    steps = SelectMultipleField(
        _l("Checklist"),
        [validators.Optional()],
        option_widget=widgets.CheckboxInput(),
        widget=widgets.ListWidget(prefix_label=False),
        validate_choice=False,
    )
    minutes = Whole(_l("Minutes it took"), [needed()])
    cost = Euro(_l("Cost without our own parts, in euro"), [validators.Optional()])
    note = Prose(
        _l("Note"),
        [validators.Optional(), validators.Length(max=1000, message=_l("This is too long."))],
    )
    photo = FileField(
        _l("Photo"),
        [validators.Optional()],
        description=_l("JPEG, PNG or WebP, up to 8 MiB. Only the staff see it."),
    )
    nonce = HiddenField()


@bp.get("/machines/<slug>/work/new")
@requires(EDIT)
def new_task(slug: str) -> ResponseReturnValue:
    """Show the form, filled by the round or the report in the address."""
    machine = staffed_machine(slug)
    plan = _plan(machine, asked("round"))
    data: dict[str, Any] = {"minutes": plan.minutes if plan else 30, "cost": Decimal(0)}
    if plan:
        data["title"] = plan.title
    return _page(machine, _form(plan, data=data), plan)


@bp.post("/machines/<slug>/work/new")
@requires(EDIT)
def log_task(slug: str) -> ResponseReturnValue:
    """Write it down; its parts leave the stock, and its round begins anew."""
    machine = staffed_machine(slug)
    plan = _plan(machine, asked("round"))
    form = _form(plan, request.form)
    valid = form.validate()
    photo = sent_photo(form) if valid else ""
    if not valid or form.photo.errors:
        return _page(machine, form, plan), 422
    try:
        command = LogTask(
            machine=machine.slug,
            title=str(form.title.data),
            nonce=str(form.nonce.data),
            minutes=int(form.minutes.data),
            cost=Decimal(form.cost.data or 0),
            note=str(form.note.data or ""),
            steps=tuple(form.steps.data or ()),
            photo=photo,
            plan=plan.uid if plan else "",
            incident=key(asked("incident")),
            parts=_used_parts(machine),
        )
        upkeep.log_task(command, actor=current_actor(), now=clock.now())
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _page(machine, form, plan), 422
    flash(_("Written down."), "success")
    return redirect(url_for(".machine_history", slug=machine.slug), 303)


@bp.get("/machines/<slug>/history")
@requires(EDIT)
def machine_history(slug: str) -> ResponseReturnValue:
    """Show what was done on a machine and what it cost, and how dependable it was for a year."""
    machine, now, session = staffed_machine(slug), clock.now(), reading()
    tasks = history.tasks_of_machine(session, machine.id)
    if asked("format") == "csv":
        columns = ("done_at", "title", "who", "minutes", "cost", "parts_cost", "note")
        rows = (
            (
                one.done_at.isoformat(),
                one.title,
                one.who,
                str(one.minutes),
                f"{one.cost:.2f}",
                f"{one.parts_cost:.2f}",
                one.note,
            )
            for one in tasks
        )
        return csv_answer(f"work-{machine.slug}", columns, rows)
    period = Interval(now - PERIOD, now)
    return render_template(
        "maintenance/history.html",
        machine=machine,
        site=found_site(machine.site),
        tasks=tasks,
        total=sum((one.cost + one.parts_cost for one in tasks), Decimal(0)),
        minutes=timedelta(minutes=sum(one.minutes for one in tasks)),
        figures=history.dependability_of(session, machine.id, period, now=now),
        faults=incidents.open_for_machine(session, machine.id),
    )


@bp.get("/work/<task>/photo")
@requires(EDIT)
def task_photo(task: str) -> ResponseReturnValue:
    """Answer with the photo of work that was done."""
    machine_id, name = history.task(reading(), key(task))
    found = machines.by_ids(reading(), [machine_id])
    if not found or not current_actor().may(EDIT, found[0].site_id):
        raise NotFound
    return photo_answer(name)


def _plan(machine: MachineView, uid: str) -> PlanView | None:
    if not uid:
        return None
    plan = history.one(reading(), key(uid), now=clock.now())
    if plan.machine_id != machine.id:
        raise NotFound
    return plan


def _used_parts(machine: MachineView) -> dict[str, int]:
    """Return how many of each part were used; raises `Invalid` for what is no number."""
    used = {}
    for part in parts.of_site(reading(), machine.site_id):
        text = request.form.get(f"part-{part.uid}", "").strip()
        if not text:
            continue
        if not (text.isascii() and text.isdecimal() and len(text) < 6):  # noqa: PLR2004
            raise Invalid.field(
                f"part-{part.uid}", "field.out-of-range", lowest=0, highest=upkeep.MOST_PARTS
            )
        used[part.uid] = int(text)
    return used


def _form(
    plan: PlanView | None, formdata: object = None, data: dict[str, Any] | None = None
) -> TaskForm:
    form = TaskForm(formdata, data=data)  # type: ignore[arg-type]  # what Flask gives, or nothing
    form.steps.choices = [(step, step) for step in (plan.steps if plan else ())]
    form.nonce.data = nonce(form.nonce.data)
    return form


def _page(machine: MachineView, form: TaskForm, plan: PlanView | None) -> str:
    return render_template(
        "maintenance/task.html",
        machine=machine,
        site=found_site(machine.site),
        form=form,
        plan=plan,
        parts=parts.of_site(reading(), machine.site_id),
        typed=request.form,
    )
