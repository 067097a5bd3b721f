"""Events and hostile texts for the tests of feeds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from labops.adapters.ical import FeedEvent, event_bytes, feed_bytes

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
INSTANCE = "5f0c2b7e91d84a3c"
HOSTILE = (
    "\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:evil",
    "\nATTENDEE:mailto:eve@example.org",
    "\rX-EVIL:1",
    "\u2028X-EVIL:1\u2029X-EVIL:2\x85X-EVIL:3\x0bX-EVIL:4\x0cX-EVIL:5",
    "nul\x00 bell\x07 delete\x7f high\x9f",
    "a,b;c:d\\e\\n\\N\\,\\;\\\\ \"quoted\" 'single' ^n ^^",
    "a" * 64 + "\U0001f600" * 30,
    "è" * 400,
    "x" * 5_000,
    "\\" * 200,
    "," * 200,
    "\ud800 alone \udfff",
    "\ufeffbyte order mark",
    "  spaces   and\ttabs  ",
    "e\u0301 \u200b \u202e right to left",
    "BEGIN:VALARM",
    "{{ 7 * 7 }} <script>alert(1)</script>",
    "",
)
hostile_texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(
        alphabet=st.one_of(
            st.sampled_from("\r\n\x00\x0b\x1f\x7f\x85\u2028\u2029,;:\\\"'n \t😀è"),
            st.characters(exclude_categories=()),  # lone surrogates too
        ),
        max_size=150,
    ),
    # The fold lies at every place within a sign of four octets.
    st.builds(lambda n, m: "a" * n + "😀" * m, st.integers(0, 80), st.integers(1, 40)),
)


def sample(**changes: Any) -> FeedEvent:
    """An ordinary booking, with some of its fields changed."""
    fields: dict[str, Any] = {
        "uid": "b-7d2f",
        "sequence": 1,
        "created_at": NOON - timedelta(days=3),
        "revised_at": NOON - timedelta(days=1),
        "starts_at": NOON,
        "ends_at": NOON + timedelta(hours=2),
        "state": "confirmed",
        "summary": "Laser cutter",
        "location": "Smart City Lab, Milano",
        "description": "Bring your own plywood.\nSafety glasses hang at the door.",
        "url": "https://labops.example.org/bookings/7d2f",
        "private": True,
    }
    return FeedEvent(**(fields | changes))


def feed_of(*events: FeedEvent, name: str = "My bookings", description: str = "") -> bytes:
    """The feed of these events as a web request would build it."""
    fragments = [event_bytes(event, instance_id=INSTANCE) for event in events]
    return feed_bytes(fragments, name=name, description=description)
