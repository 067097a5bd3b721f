"""What can be done at a door or a machine, by which way, and what comes of it."""

from __future__ import annotations

from enum import StrEnum


class Act(StrEnum):
    """What somebody wanted."""

    CHECK_IN = "check_in"
    CHECK_OUT = "check_out"
    FINISH = "finish"


class Way(StrEnum):
    """How somebody came in."""

    WALL = "wall"  # the code on the wall, opened by her own signed-in phone
    SCREEN = "screen"  # the code on the kiosk's screen, which changes
    PASS = "pass"  # noqa: S105 - the code that her phone shows, read by a camera or a USB reader
    TYPED = "typed"  # a short code, typed
    NAME = "name"  # staff found her by name
    GUEST = "guest"  # somebody in the building answers for her


class Result(StrEnum):
    """What came of a scan: a stable set; those of `WELCOME` let somebody in or out."""

    CHECKED_IN = "checked_in"
    ALREADY_IN = "already_in"
    WALK_IN = "walk_in"
    CHECKED_OUT = "checked_out"
    NOT_IN = "not_in"
    FINISHED = "finished"
    TOO_EARLY = "too_early"
    OCCUPIED = "occupied"
    RELEASED = "released"
    WRONG_MACHINE = "wrong_machine"
    NOT_CERTIFIED = "not_certified"
    SUPERVISION_REQUIRED = "supervision_required"
    FULL = "full"
    OUT_OF_SERVICE = "out_of_service"
    RETIRED_CODE = "retired_code"
    PROOF_NEEDED = "proof_needed"
    NOT_MEMBER = "not_member"
    SUSPENDED = "suspended"
    WAIVER_MISSING = "waiver_missing"
    PASS_EXPIRED = "pass_expired"  # noqa: S105
    PASS_USED = "pass_used"  # noqa: S105
    PASS_UNKNOWN = "pass_unknown"  # noqa: S105
    REFUSED = "refused"


WELCOME = frozenset(
    {
        Result.CHECKED_IN,
        Result.ALREADY_IN,
        Result.WALK_IN,
        Result.CHECKED_OUT,
        Result.NOT_IN,
        Result.FINISHED,
    }
)
