"""What every decision reads and writes. Each statement says which values it takes."""

from __future__ import annotations

from sqlalchemy import bindparam, exists, insert, or_, select, update

from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.bookings.states import OPEN_STATES, QUOTA_STATES
from labops.domain.certifications.models import Certification, CertificationSuspension
from labops.domain.machines.models import Machine, MachineType
from labops.domain.memberships.models import Membership
from labops.domain.people.models import Person, RoleGrant
from labops.domain.plans.models import Plan, Subscription
from labops.domain.plans.states import SubscriptionState
from labops.domain.restrictions.models import Restriction, TopUp
from labops.domain.sites.models import Site
from labops.domain.spaces.models import Bookable, Space
from labops.domain.waivers.models import Guardian, Signature, Waiver, WaiverVersion
from labops.kernel.orm import table_of
from labops.kernel.permissions import SITE_ROLES, Role
from labops.kernel.prepared import Prepared

_bookable = table_of(Bookable).c
_machine = table_of(Machine).c
_type = table_of(MachineType).c
_site = table_of(Site).c
_space = table_of(Space).c
_person = table_of(Person).c
_role = table_of(RoleGrant).c
_membership = table_of(Membership).c
_certification = table_of(Certification).c
_suspension = table_of(CertificationSuspension).c
_booking = table_of(Booking).c
_of_booking = table_of(BookingBookable).c
_restriction = table_of(Restriction).c
_top_up = table_of(TopUp).c
_waiver = table_of(Waiver).c
_version = table_of(WaiverVersion).c
_signature = table_of(Signature).c
_guardian = table_of(Guardian).c
_plan = table_of(Plan).c
_subscription = table_of(Subscription).c

_wanted = (
    select(
        _bookable.id,
        _bookable.slug,
        _bookable.name,
        _machine.state,
        _bookable.capacity,
        _bookable.setup_minutes,
        _bookable.cleanup_minutes,
        _machine.space_id,
        _machine.certification_needed,
        _type.id.label("type_id"),
        _type.slug.label("category"),
        _site.id.label("site_id"),
        _site.zone,
        _site.revision,
        _space.people_capacity,
    )
    .select_from(table_of(Machine))
    .join(table_of(Bookable), _bookable.id == _machine.id)
    .join(table_of(MachineType), _type.id == _machine.machine_type_id)
    .join(table_of(Site), _site.id == _bookable.site_id)
    .outerjoin(table_of(Space), _space.id == _machine.space_id)
)

# slug: str
WANTED_BY_SLUG = Prepared(_wanted.where(_bookable.slug == bindparam("slug")))

# booking_id: int
WANTED_BY_BOOKING = Prepared(
    _wanted.join(table_of(BookingBookable), _of_booking.bookable_id == _machine.id)
    .where(_of_booking.booking_id == bindparam("booking_id"))
    .order_by(_machine.id)
)

# id_of_machine: int
WANTED_BY_ID = Prepared(_wanted.where(_machine.id == bindparam("id_of_machine")))

# id_of_machine: int
STATE = Prepared(select(_machine.state).where(_machine.id == bindparam("id_of_machine")))

# person_id, site_id: int. One row: what of hers changed last, suspensions, when she was born, her
# membership there, any role that stands in for it, and whether staff decided anything for her.
STANDING = Prepared(
    select(
        _person.bookings_revision,
        _person.suspended_until,
        _person.born_on,
        _membership.state,
        _membership.starts_on,
        _membership.ends_on,
        _membership.plan,
        _membership.groups,
        _membership.suspended_until.label("struck_until"),
        _role.id.label("role_id"),
        exists()
        .where(
            _restriction.person_id == bindparam("person_id"),
            _restriction.site_id == bindparam("site_id"),
            _restriction.lifted_at.is_(None),
        )
        .label("restricted"),
        exists()
        .where(
            _top_up.person_id == bindparam("person_id"),
            _top_up.site_id == bindparam("site_id"),
        )
        .label("topped_up"),
    )
    .select_from(table_of(Person))
    .outerjoin(
        table_of(Membership),
        (_membership.person_id == _person.id) & (_membership.site_id == bindparam("site_id")),
    )
    .outerjoin(
        table_of(RoleGrant),
        (_role.person_id == _person.id)
        & or_(
            (_role.site_id == bindparam("site_id"))
            & or_(*(_role.role == role.value for role in sorted(SITE_ROLES))),
            _role.role == Role.ADMIN.value,
        ),
    )
    .where(_person.id == bindparam("person_id"))
    .limit(1)
)

# person_id: int. A row for each certification and suspension of its machine type.
CERTIFIED = Prepared(
    select(
        _certification.id,
        _type.slug,
        _certification.level,
        _certification.starts_on,
        _certification.ends_on,
        _certification.lapses_on,
        _suspension.starts_on.label("suspended_on"),
        _suspension.ends_on.label("suspended_until"),
    )
    .select_from(table_of(Certification))
    .join(table_of(MachineType), _type.id == _certification.machine_type_id)
    .outerjoin(
        table_of(CertificationSuspension),
        (_suspension.person_id == _certification.person_id)
        & (_suspension.machine_type_id == _certification.machine_type_id)
        & _suspension.resumed_at.is_(None),
    )
    .where(
        _certification.person_id == bindparam("person_id"),
        _certification.revoked_at.is_(None),
    )
    .order_by(_certification.starts_on, _certification.id)
)

# person_id, site_id: int. A row for each published version of each waiver of the site, and for each
# time it was signed for her.
WAIVERS = Prepared(
    select(
        _waiver.id,
        _version.number,
        _version.asks_from,
        _signature.id.label("signature_id"),
        _signature.guardian_id,
    )
    .select_from(table_of(Waiver))
    .join(table_of(WaiverVersion), _version.waiver_id == _waiver.id)
    .outerjoin(
        table_of(Signature),
        (_signature.version_id == _version.id)
        & (_signature.person_id == bindparam("person_id"))
        & _signature.withdrawn_at.is_(None),
    )
    .where(
        _waiver.site_id == bindparam("site_id"),
        _waiver.retired_at.is_(None),
        _version.published_at.is_not(None),
    )
)
# person_id: int. A row if an adult who proved her address answers for the minor.
GUARDED = Prepared(
    select(_guardian.id)
    .where(
        _guardian.child_id == bindparam("person_id"),
        _guardian.proven_at.is_not(None),
        _guardian.ended_at.is_(None),
    )
    .limit(1)
)

# person_id: int; since: instant. A row for each machine of each booking that a limit may count.
_held = (
    select(
        _booking.id,
        _booking.starts_at,
        _booking.ends_at,
        _booking.state,
        _booking.site_id,
        _booking.created_at,
        _booking.cancelled_late,
        _booking.walk_in,
        _machine.id,
        _type.slug,
        _bookable.slug,
        _booking.firm_id,
    )
    .select_from(table_of(Booking))
    .join(table_of(BookingBookable), _of_booking.booking_id == _booking.id)
    .join(table_of(Machine), _machine.id == _of_booking.bookable_id)
    .join(table_of(Bookable), _bookable.id == _machine.id)
    .join(table_of(MachineType), _type.id == _machine.machine_type_id)
    .where(
        _booking.ends_at > bindparam("since"),
        or_(
            *(_booking.state == state.value for state in sorted(QUOTA_STATES)),
            _booking.cancelled_late,
        ),
    )
    .order_by(_booking.starts_at, _booking.id)
)
HELD = Prepared(_held.where(_booking.person_id == bindparam("person_id")))
# firm_id, besides (a person): int, since: datetime. What colleagues booked for the firm.
HELD_BY_COLLEAGUES = Prepared(
    _held.where(
        _booking.firm_id == bindparam("firm_id"), _booking.person_id != bindparam("besides")
    )
)
# firm_id, site_id: int. The plan that the firm is on at the site.
PLAN_OF_FIRM = Prepared(
    select(_plan.slug)
    .select_from(table_of(Subscription))
    .join(table_of(Plan), _plan.id == _subscription.plan_id)
    .where(
        _subscription.firm_id == bindparam("firm_id"),
        _subscription.site_id == bindparam("site_id"),
        _subscription.state == SubscriptionState.ACTIVE.value,
    )
)

# person_id, site_id: int
RESTRICTIONS = Prepared(
    select(
        _restriction.machines,
        _restriction.categories,
        _restriction.until_on,
        _restriction.reason,
    ).where(
        _restriction.person_id == bindparam("person_id"),
        _restriction.site_id == bindparam("site_id"),
        _restriction.lifted_at.is_(None),
    )
)
TOP_UPS = Prepared(
    select(
        _top_up.quota,
        _top_up.minutes,
        _top_up.count.label("many"),
        _top_up.starts_on,
        _top_up.ends_on,
    ).where(_top_up.person_id == bindparam("person_id"), _top_up.site_id == bindparam("site_id"))
)

# space_id, besides (a booking, or 0): int; since, until, ends_until: instants. A row a booking.
PEOPLE_IN_SPACE = Prepared(
    select(_booking.id, _booking.starts_at, _booking.ends_at, _booking.people_count)
    .select_from(table_of(Booking))
    .join(table_of(BookingBookable), _of_booking.booking_id == _booking.id)
    .join(table_of(Machine), _machine.id == _of_booking.bookable_id)
    .where(
        _machine.space_id == bindparam("space_id"),
        _booking.id != bindparam("besides"),
        _booking.ends_at > bindparam("since"),
        _booking.ends_at <= bindparam("ends_until"),
        _booking.starts_at < bindparam("until"),
        or_(*(_booking.state == state.value for state in sorted(OPEN_STATES))),
    )
    .distinct()
)

ADD_BOOKING = Prepared(insert(table_of(Booking)).returning(_booking.id))
ADD_BOOKABLE = Prepared(insert(table_of(BookingBookable)))

# id_of_person: int. What a calendar or a limit would show of this person has changed.
_bump = (
    update(table_of(Person))
    .where(_person.id == bindparam("id_of_person"))
    .values(bookings_revision=_person.bookings_revision + 1)
)
BUMP = Prepared(_bump)
# seen: int. The same, unless it had changed since it was read.
BUMP_IF_SEEN = Prepared(_bump.where(_person.bookings_revision == bindparam("seen")))
