"""Every table of every feature, imported so that the metadata is complete."""

from __future__ import annotations

from labops.domain.applications import models as applications
from labops.domain.backups import models as backups
from labops.domain.bookings import models as bookings
from labops.domain.calendars import models as calendars
from labops.domain.calls import models as calls
from labops.domain.certifications import models as certifications
from labops.domain.circulars import models as circulars
from labops.domain.closures import models as closures
from labops.domain.erasure import models as erasure
from labops.domain.firms import models as firms
from labops.domain.house_rules import models as house_rules
from labops.domain.incidents import models as incidents
from labops.domain.inductions import models as inductions
from labops.domain.labs import models as labs
from labops.domain.machines import models as machines
from labops.domain.maintenance import models as maintenance
from labops.domain.member_lists import models as member_lists
from labops.domain.memberships import models as memberships
from labops.domain.notes import models as notes
from labops.domain.notifications import models as notifications
from labops.domain.onboarding import models as onboarding
from labops.domain.people import models as people
from labops.domain.plans import models as plans
from labops.domain.privacy import models as privacy
from labops.domain.qualifications import models as qualifications
from labops.domain.quizzes import models as quizzes
from labops.domain.restrictions import models as restrictions
from labops.domain.series import models as series
from labops.domain.sites import models as sites
from labops.domain.spaces import models as spaces
from labops.domain.stations import models as stations
from labops.domain.strikes import models as strikes
from labops.domain.use_questions import models as use_questions
from labops.domain.visits import models as visits
from labops.domain.waiting import models as waiting
from labops.domain.waivers import models as waivers
from labops.kernel import audit, idempotency, instance, jobs, ledger, outbox
from labops.kernel.orm import Base

METADATA = Base.metadata

__all__ = [
    "METADATA",
    "applications",
    "audit",
    "backups",
    "bookings",
    "calendars",
    "calls",
    "certifications",
    "circulars",
    "closures",
    "erasure",
    "firms",
    "house_rules",
    "idempotency",
    "incidents",
    "inductions",
    "instance",
    "jobs",
    "labs",
    "ledger",
    "machines",
    "maintenance",
    "member_lists",
    "memberships",
    "notes",
    "notifications",
    "onboarding",
    "outbox",
    "people",
    "plans",
    "privacy",
    "qualifications",
    "quizzes",
    "restrictions",
    "series",
    "sites",
    "spaces",
    "stations",
    "strikes",
    "use_questions",
    "visits",
    "waiting",
    "waivers",
]
