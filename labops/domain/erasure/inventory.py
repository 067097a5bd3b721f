"""What erasing a person does to every column that may tell of her: data, checked by a test.

A new table stands here or in `IMPERSONAL`. `whose` leads from a row to the person it belongs to:
`person_id`, or over other tables `offer_id>offer.wish_id>waiting_wish.person_id`; several ways are
several strings. With `goes` her rows are deleted. Otherwise they stay, and each column that refers
to a person or can hold words is named: in `columns` with what is done to it, or in `plain` when it
never tells of anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from labops.domain.memberships.states import MembershipState


class Treatment(StrEnum):
    """What erasing does to a column of a row that stays."""

    KEEP = "keep"
    EMPTY = "empty"
    PSEUDONYM = "pseudonym"
    # Her name and address are replaced wherever they stand in the text, in anybody's row.
    SCRUB = "scrub"


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done, and why it may stay; `empty` is what the column then holds."""

    treatment: Treatment
    why: str = ""
    empty: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One table; see above."""

    whose: tuple[str, ...] = ()
    goes: bool = False
    columns: Mapping[str, Rule] = field(default_factory=dict)
    plain: tuple[str, ...] = ()


def _goes(*whose: str) -> Entry:
    return Entry(whose=whose, goes=True)


def _keep(why: str) -> Rule:
    return Rule(Treatment.KEEP, why)


NULL = Rule(Treatment.EMPTY)
BLANK = Rule(Treatment.EMPTY, empty="")
PSEUDONYM = Rule(Treatment.PSEUDONYM)
SCRUB = Rule(Treatment.SCRUB)

_WHO = _keep("Leads to the pseudonym; without it the row would tell of nobody's act.")
_STAFF = _keep("Who of the staff did it; leads to the pseudonym once she is erased.")

IMPERSONAL: Mapping[str, str] = {
    "allocation": "Which claim holds which time; claims are erased where they stand.",
    "bookable": "Machines and spaces.",
    "booking_bookable": "Which machines a booking is for.",
    "call_criterion": "What a call demands.",
    "catalogue_model": "What makers sell.",
    "certification_level": "Levels of a machine type.",
    "certification_rule": "How long certifications for a machine type count.",
    "closure": "When a site is shut, and why.",
    "erased_person": "That somebody was erased, by uid: it keeps her erased after a restore.",
    "induction_machine": "Which machines an induction takes.",
    "instance_fact": "What this installation is called.",
    "job_run": "When jobs ran.",
    "lab_address": "Where labs are.",
    "lab_fact": "When what is said of a lab was looked at.",
    "lab_hours": "When a lab is open.",
    "lab_machine": "Equipment of labs.",
    "lab_machine_material": "What it works.",
    "lab_machine_process": "What it does.",
    "lab_service": "What labs offer.",
    "lease": "Which scheduler acts.",
    "machine": "Equipment.",
    "machine_type": "Kinds of equipment.",
    "maintenance_block": "Work on machines.",
    "maintenance_bookable": "Which machines it is for.",
    "maintenance_plan": "Work that comes round again on machines.",
    "maintenance_task_part": "Which parts it used.",
    "onboarding_step": "What a site asks of newcomers.",
    "member_list_mapping": "How the columns of a site's member lists are called.",
    "opening_hours": "When a site is open.",
    "outside_calendar": "Calendars of schools and holidays that a site follows.",
    "plan": "What a site sells.",
    "plan_hours": "Which hours that includes.",
    "proposed_closure": "What those calendars say.",
    "protocol_counter": "The last number of the register.",
    "qualification": "Places of labs on the list.",
    "quiz": "Quizzes.",
    "quiz_question": "Their questions.",
    "quiz_topic": "What these are about.",
    "retention_period": "How long things are kept.",
    "site": "What a site says of itself.",
    "space": "Rooms.",
    "spare_part": "Parts for machines.",
    "station": "Signs at doors and machines.",
    "use_question": "What is asked before and after the use of a machine.",
    "waiver": "What a site asks people to sign.",
    "waiver_version": "The texts of that.",
}

INVENTORY: Mapping[str, Entry] = {
    "account": _goes("person_id"),
    "api_token": _goes("person_id"),
    "application": Entry(
        columns={"created_by_id": _keep("Who applied for a lab: an act of the city, pseudonym.")},
        plain=("uid", "state", "valid_to", "reply_by"),
    ),
    "application_answer": Entry(columns={"text": SCRUB}, plain=("criterion",)),
    "audit_entry": Entry(
        columns={
            "person_id": _WHO,
            "actor": _keep("The uid or the name of a command, never a person's name."),
            "subject": _keep("The uid."),
            "before": SCRUB,
            "after": SCRUB,
            "reason": SCRUB,
        },
        plain=("action",),
    ),
    "backup_run": Entry(columns={"asked_by_id": _STAFF}, plain=("file_name", "held", "error")),
    "booking": Entry(
        whose=("person_id",),
        columns={
            "person_id": _keep("Who stood at the machine at the time of an accident: pseudonym."),
            "note": BLANK,
            "override_reason": BLANK,
            "decision_reason": BLANK,
            "fields": Rule(Treatment.EMPTY, empty={}),
        },
        plain=("uid", "state"),
    ),
    "call": Entry(
        columns={"created_by_id": _STAFF},
        plain=("uid", "slug", "title_it", "title_en", "text_it", "text_en", "terms", "digest"),
    ),
    "case_entry": Entry(
        columns={
            "person_id": _keep("Who acted in a case of the city: pseudonym."),
            "note": SCRUB,
            "internal_note": SCRUB,
            "detail": SCRUB,
        },
        plain=("action", "capacity", "state_before", "state_after", "happened_on"),
    ),
    "certification": Entry(
        whose=("person_id",),
        columns={
            "person_id": _keep("That whoever used a machine was allowed to: safety law."),
            "granted_by_id": _STAFF,
            "revoked_by_id": _STAFF,
            "evidence": SCRUB,
            "revoked_reason": SCRUB,
        },
        plain=("starts_on", "ends_on", "lapses_on", "last_used_on", "earned_by"),
    ),
    "certification_suspension": Entry(
        whose=("person_id",),
        columns={
            "person_id": _keep("That whoever used a machine was allowed to: safety law."),
            "suspended_by_id": _STAFF,
            "resumed_by_id": _STAFF,
            "reason": BLANK,
            "resumed_reason": BLANK,
        },
        plain=("starts_on", "ends_on", "resumed_on"),
    ),
    "circular": Entry(
        columns={
            "created_by_id": _STAFF,
            "subject_it": SCRUB,
            "body_it": SCRUB,
            "subject_en": SCRUB,
            "body_en": SCRUB,
            "choice": SCRUB,
        },
        plain=("uid",),
    ),
    "circular_receiver": _goes("person_id"),
    "consent": _goes("person_id"),
    "declared_interest": Entry(columns={"person_id": _STAFF, "reason": SCRUB}, plain=("uid",)),
    "erasure_request": Entry(
        whose=("person_id",),
        columns={"person_id": _WHO, "asked_by_id": _STAFF, "reason": SCRUB},
    ),
    "evidence": Entry(
        columns={"added_by_id": _keep("Who sent it for a lab: pseudonym."), "name": SCRUB},
        plain=("uid", "criterion", "media_type", "digest", "valid_to"),
    ),
    "feed": _goes("person_id"),
    "feed_fragment": _goes("booking_id>booking.person_id"),
    "former_account": Entry(whose=("person_id",), goes=True, columns={"merged_by_id": _STAFF}),
    "firm": Entry(
        columns={
            "email": _keep("The address that a firm gave as its own."),
            "legal_name": _keep("A firm's; of a sole trader it is a public fact."),
            "vat_number": _keep("A firm's."),
            "tax_code": _keep("A firm's; a sole trader's is that of the trade."),
            "street": _keep("A firm's."),
            "postcode": _keep("A firm's."),
            "town": _keep("A firm's."),
        },
        plain=("uid", "ateco_code", "size", "flags"),
    ),
    "firm_invitation": Entry(
        whose=("invited_by_id", "accepted_by_id"),
        columns={
            "invited_by_id": _keep("Who invited in the firm's name: pseudonym."),
            "accepted_by_id": _keep("Who joined by it: pseudonym."),
            "email": SCRUB,
        },
        plain=("uid", "role"),
    ),
    "firm_person": Entry(
        whose=("person_id",),
        columns={
            "person_id": _keep("Who booked at a firm's cost: pseudonym."),
            "named_by_id": _keep("Who took her in; leads to the pseudonym once erased."),
        },
        plain=("role",),
    ),
    "guardian": Entry(
        whose=("child_id",),
        columns={"child_id": _WHO, "name": PSEUDONYM, "email": BLANK},
        plain=("uid",),
    ),
    "hand_over": Entry(
        whose=("giver_id", "receiver_id"),
        columns={
            "giver_id": _WHO,
            "receiver_id": _WHO,
            "to_email": SCRUB,
            "reason": BLANK,
        },
        plain=("uid", "outcome"),
    ),
    "house_rules_version": Entry(columns={"created_by_id": _STAFF}, plain=("level", "key", "data")),
    "idempotency_key": _goes("person_id"),
    "induction_session": Entry(
        columns={"teacher_id": _STAFF, "note": SCRUB, "reason": SCRUB},
        plain=("uid", "audience", "free_plan", "state", "cancelled_for"),
    ),
    "induction_sign_up": Entry(whose=("person_id",), goes=True, columns={"judged_by_id": _STAFF}),
    "invited": _goes("person_id"),
    "kiosk": Entry(columns={"enrolled_by_id": _STAFF}, plain=("uid", "name", "secret_digest")),
    "lab": Entry(
        columns={
            "silence_seen_by_id": _STAFF,
            "contact_name": SCRUB,
            "contact_email": SCRUB,
            "internal_note": SCRUB,
            "certified_email": SCRUB,
            "email": SCRUB,
            "legal_name": _keep("The name of a body; of a sole trader it is a public fact."),
            "public_name": _keep("The name that a body gave itself."),
            "tax_code": _keep("A body's; a sole trader's is that of the trade."),
            "contact_phone": _keep("The lab's own number, changed by who speaks for it next."),
            "phone": _keep("As the lab made it public."),
            "description_it": SCRUB,
            "description_en": SCRUB,
            "hours_note_it": SCRUB,
            "hours_note_en": SCRUB,
        },
        plain=(
            "uid",
            "slug",
            "legal_form",
            "vat_number",
            "ateco_code",
            "ateco_version",
            "website",
            "price_list",
            "languages",
            "skills",
            "accessibility",
            "source",
            "source_ref",
            "probe_failure",
        ),
    ),
    "lab_representative": Entry(
        whose=("person_id",),
        columns={
            "person_id": _keep("Who spoke for a lab when it applied: pseudonym."),
            "named_by_id": _keep("Who named her; leads to the pseudonym once erased."),
        },
        plain=("role", "since", "until"),
    ),
    "ledger_account": Entry(
        columns={"person_id": _keep("Books are kept as accounting law wants: pseudonym.")},
        plain=("name", "kind", "unit", "month"),
    ),
    "ledger_entry": Entry(
        columns={"detail": _keep("Numbers only."), "reason": _keep("Entries never change.")},
        plain=("uid", "kind", "reverses_uid", "key"),
    ),
    "letter_choice": _goes("person_id"),
    "look": _goes("person_id"),
    "membership": Entry(
        whose=("person_id",),
        columns={
            "person_id": _keep("What was paid for belongs to the accounts: pseudonym."),
            "groups": Rule(Treatment.EMPTY, empty=[]),
            "state": Rule(Treatment.EMPTY, empty=MembershipState.ENDED.value),
        },
        plain=("plan", "starts_on", "ends_on"),
    ),
    "note": Entry(
        whose=("person_id",),
        goes=True,
        columns={"written_by_id": _STAFF, "deleted_by_id": _STAFF},
    ),
    "note_version": Entry(
        whose=("note_id>note.person_id",), goes=True, columns={"written_by_id": _STAFF}
    ),
    "nudge": _goes("person_id"),
    "offer": _goes("wish_id>waiting_wish.person_id"),
    "offer_bookable": _goes("offer_id>offer.wish_id>waiting_wish.person_id"),
    "onboarding_mark": _goes("person_id"),
    "outbox_message": Entry(
        columns={"payload": SCRUB, "last_error": SCRUB}, plain=("kind", "dedupe_key")
    ),
    "payment": Entry(
        columns={
            "person_id": _keep("Books are kept as accounting law wants: pseudonym."),
            "recorded_by_id": _STAFF,
        },
        plain=("uid", "method", "notice_number", "paid_on", "entry_uid"),
    ),
    "person": Entry(
        whose=("id",),
        columns={
            "uid": _keep("Random; it is how a restore knows whom to erase again."),
            "name": PSEUDONYM,
            "language": _keep("One of two words."),
            "suspended_until": NULL,
            "suspension_reason": BLANK,
            "born_on": NULL,
        },
    ),
    "posting": Entry(
        columns={"account_id": _keep("An account in the books, not one to sign in with.")},
        plain=("entry_uid", "unit"),
    ),
    "profile": _goes("person_id"),
    "quiz_answer": _goes("person_id"),
    "quiz_attempt": _goes("person_id"),
    "quiz_question_version": Entry(
        columns={"created_by_id": _STAFF},
        plain=(
            "kind",
            "text_it",
            "text_en",
            "explanation_it",
            "explanation_en",
            "options",
            "digest",
        ),
    ),
    "restriction": _goes("person_id"),
    "role_grant": Entry(whose=("person_id",), goes=True, columns={"granted_by_id": _STAFF}),
    "roll_call": Entry(columns={"started_by_id": _STAFF}, plain=("uid",)),
    "roll_call_tick": Entry(columns={"by_id": _STAFF}, plain=("nonce",)),
    "scan": Entry(
        whose=("person_id",),
        columns={
            "person_id": _keep("Who was there when something happened: pseudonym."),
            "scanned_by_id": _STAFF,
            "device": _keep("Numbers that lead to the pseudonym."),
            "detail": SCRUB,
        },
        plain=("nonce", "act", "way", "result", "proof"),
    ),
    "series": Entry(
        whose=("person_id",), columns={"person_id": _WHO}, plain=("uid", "zone", "first_on")
    ),
    "sign_in": _goes("account_id>account.person_id"),
    "signature": Entry(
        whose=("person_id",),
        columns={
            "person_id": _keep("That whoever used a machine had accepted its risks: safety law."),
            "signed_name": PSEUDONYM,
            "relation": BLANK,
            "address": BLANK,
            "device": BLANK,
        },
        plain=("uid", "language", "digest"),
    ),
    "skill_card": _goes("person_id"),
    "strike": Entry(whose=("person_id",), goes=True, columns={"answered_by_id": _STAFF}),
    "subscription": Entry(
        columns={"person_id": _keep("What was paid for belongs to the accounts: pseudonym.")},
        plain=(
            "uid",
            "state",
            "starts_on",
            "period_starts_on",
            "period_ends_on",
            "ends_on",
            "suspended_on",
        ),
    ),
    "top_up": _goes("person_id"),
    "trainer": _goes("person_id"),
    "use_answer": _goes("booking_id>booking.person_id"),
    "incident": Entry(
        whose=("reporter_id",),
        columns={
            "reporter_id": _keep("What was wrong with a machine stays known: pseudonym."),
            "solved_by_id": _WHO,
            "text": SCRUB,
            "solution": SCRUB,
        },
        plain=("uid", "nonce", "severity", "photo"),
    ),
    "incident_echo": _goes("person_id"),
    "harm_record": Entry(
        whose=("reporter_id",),
        columns={
            "reporter_id": _keep("What harmed somebody must be known for years: pseudonym."),
            "text": SCRUB,
        },
        plain=("uid", "nonce"),
    ),
    "maintenance_task": Entry(
        whose=("person_id",),
        columns={"person_id": _STAFF, "note": SCRUB, "title": SCRUB},
        plain=("uid", "nonce", "done_steps", "photo"),
    ),
    "visit": Entry(
        whose=("person_id",),
        columns={
            "person_id": _keep("Who was in when something happened: pseudonym."),
            "host_id": _WHO,
            "guest_name": SCRUB,
            "names": SCRUB,
        },
        plain=("uid",),
    ),
    "waiting_wish": _goes("person_id"),
    "waiting_wish_bookable": _goes("wish_id>waiting_wish.person_id"),
}
