"""Member lists: what comes out goes in again, duplicates, errors that change nothing, and speed."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from sqlalchemy import delete, event, func, select

from labops.adapters import sheets
from labops.adapters.sheets import SheetUnreadable
from labops.cli.people import people as people_command
from labops.domain.certifications.models import Certification
from labops.domain.member_lists import columns, queries, services
from labops.domain.member_lists.services import ImportMembers
from labops.domain.member_lists.values import Duplicates, OnDuplicate, Sheet, Step
from labops.domain.memberships.models import Membership
from labops.domain.people.models import Account, Person, Profile
from labops.domain.sites.queries import by_slug
from labops.kernel.audit import AuditEntry
from labops.kernel.db import db, reading, unit_of_work
from labops.kernel.errors import Forbidden, Invalid
from labops.kernel.permissions import SYSTEM
from tests.support.world import NOW, World

HEADINGS = ("Nome e cognome", "E-mail", "Data di nascita", "Telefono", "Lingua", "Iscritto dal",
            "Scadenza", "Piano", "Gruppi", "Abilitazione Laser")  # fmt: skip


def sheet_of(rows: Sequence[Sequence[str]], headings: Sequence[str] = HEADINGS) -> Sheet:
    """Return a table with these rows, the first on line 2."""
    return Sheet(tuple(headings), tuple((n, tuple(row)) for n, row in enumerate(rows, 2)))


def command(
    sheet: Sheet, duplicates: Duplicates = services.UPDATE_ALL, site: str = "mhuma"
) -> ImportMembers:
    """Return the import of a table whose columns are guessed."""
    mapping = columns.guessed(sheet.headings, queries.type_names(reading()), {})
    return ImportMembers(
        site=by_slug(reading(), site), sheet=sheet, mapping=mapping, duplicates=duplicates
    )


def counted() -> dict[str, int]:
    """Return how many rows there are of everything an import writes."""
    reading().rollback()
    tables = (Person, Account, Profile, Membership, Certification, AuditEntry)
    return {
        table.__tablename__: reading().scalar(select(func.count()).select_from(table)) or 0
        for table in tables
    }


@contextmanager
def statements() -> Iterator[list[str]]:
    """Note every statement that goes to the database."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def test_headings_are_understood_in_both_languages(world: World) -> None:
    types = queries.type_names(reading())
    assert columns.guessed(HEADINGS, types, {}) == (
        "name", "email", "born_on", "phone", "language", "member_from", "member_until", "plan",
        "groups", "certification:laser",
    )  # fmt: skip
    english = (
        "Full name",
        "EMAIL",
        "Date of birth",
        "Emergency contact",
        "certification 3D printer",
    )
    assert columns.guessed(english, types, {}) == (
        "name", "email", "born_on", "emergency_name", "certification:printer-fdm",
    )  # fmt: skip
    # What was corrected once is remembered, and a heading that nobody knows is left out.
    assert columns.guessed(("Tizio", "Boh"), types, {"tizio": "name"}) == ("name", "")


def test_a_first_list_makes_members(world: World) -> None:
    rows = [
        ("Zoe Bianchi", "zoe@example.org", "1/3/1990", "333 123 4567", "inglese", "2026-01-01",
         "31/12/2027", "student", "a; b", "2027-06-30"),
        ("Ugo Verdi", "", "1991-02-03", "", "", "", "", "", "", "sì"),
    ]  # fmt: skip
    done = services.import_members(command(sheet_of(rows)), actor=world.actor("bob"), now=NOW)
    assert (done.created, done.updated, done.unchanged, done.skipped) == (2, 0, 0, 0)
    session = reading()
    zoe = session.scalars(select(Person).where(Person.name == "Zoe Bianchi")).one()
    assert (zoe.born_on, zoe.language) == (date(1990, 3, 1), "en")
    account = session.scalars(select(Account).where(Account.person_id == zoe.id)).one()
    assert (account.email, account.password_hash, account.email_confirmed_at) == (
        "zoe@example.org", None, None,
    )  # fmt: skip
    member = session.scalars(select(Membership).where(Membership.person_id == zoe.id)).one()
    assert (member.starts_on, member.ends_on) == (date(2026, 1, 1), date(2027, 12, 31))
    assert (member.plan, member.groups) == ("student", ["a", "b"])
    assert session.get_one(Profile, zoe.id).phone == "+393331234567"
    ugo = session.scalars(select(Person).where(Person.name == "Ugo Verdi")).one()
    assert session.scalar(select(Account.id).where(Account.person_id == ugo.id)) is None
    held = session.scalars(select(Certification).where(Certification.person_id == ugo.id)).one()
    assert held.ends_on is None
    # By the same file nothing is left to do, also under other headings.
    again = services.look_at(command(sheet_of(rows)), actor=world.actor("bob"), now=NOW)
    assert {plan.step for plan in again} == {Step.NOTHING}
    assert queries.remembered_mapping(session, world.sites["mhuma"])["Scadenza"] == "member_until"


def test_a_file_with_errors_changes_nothing_and_lists_them_all(world: World) -> None:
    rows = [
        ("Good One", "good@example.org", "", "", "", "", "", "", "", ""),
        ("Bad", "no address", "2026-13-01", "12", "klingon", "2027-01-01", "2026-01-01", "A b", "X",
         "maybe"),
        ("", "", "", "", "", "", "", "", "", "2027-01-01"),
        ("Good Two", "good@example.org", "", "", "", "", "", "", "", "", "surplus"),
        ("Future", "f@example.org", "2099-01-01", "", "", "", "", "", "", ""),
        ("No Key", "", "", "", "", "", "", "", "", ""),
        ("Twin", "t1@example.org", "1990-01-01", "", "", "", "", "", "", ""),
        ("twín", "t2@example.org", "1990-01-01", "", "", "", "", "", "", ""),
    ]  # fmt: skip
    before = counted()
    with pytest.raises(Invalid) as caught:
        services.import_members(command(sheet_of(rows)), actor=world.actor("bob"), now=NOW)
    assert counted() == before
    found = {(p.params["line"], p.params["field"], p.code) for p in caught.value.problems}
    assert found == {
        (3, "E-mail", "field.not-an-email"),
        (3, "Data di nascita", "members.not-a-day"),
        (3, "Telefono", "field.not-a-phone"),
        (3, "Lingua", "members.not-a-language"),
        (3, "Scadenza", "field.ends-before-start"),
        (3, "Piano", "field.not-a-short-name"),
        (3, "Gruppi", "field.not-a-short-name"),
        (3, "Abilitazione Laser", "members.not-a-day"),
        (4, "Nome e cognome", "field.required"),
        (5, "E-mail", "members.doubled"),
        (5, "", "inventory.too-many-cells"),
        (6, "Data di nascita", "field.out-of-range"),
        (7, "E-mail", "members.nothing-to-know-by"),
        (9, "Nome e cognome", "members.doubled"),
    }
    lines = [problem.params["line"] for problem in caught.value.problems]
    assert lines == sorted(lines)


def test_rights(world: World) -> None:
    rows = [("Zoe", "zoe@example.org")]
    asked = command(sheet_of(rows, ("name", "email")))
    for who in ("alice", "dora", "nina"):
        with pytest.raises(Forbidden):
            services.look_at(asked, actor=world.actor(who), now=NOW)
        with pytest.raises(Forbidden):
            list(queries.exported(reading(), world.sites["mhuma"], world.actor(who)))


NAMES = st.sampled_from(["Ada Neri", "ADA NÈRI", "Neri Ada", "Bruno Galli", "Carla Rè", "Dino"])
DAYS = st.sampled_from([None, date(1990, 1, 1), date(1991, 2, 3)])
EMAILS = st.sampled_from(["", "a@example.org", "B@Example.org", "c@example.org", "d@example.org"])


def plain(name: str) -> frozenset[str]:
    """Return a name's words without accents and capitals: the test's own way."""
    bare = unicodedata.normalize("NFD", name.lower())
    return frozenset("".join(s for s in bare if unicodedata.category(s) != "Mn").split())


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    known=st.lists(st.tuples(NAMES, DAYS, EMAILS), max_size=4, unique_by=lambda k: k[2] or k),
    line=st.tuples(NAMES, DAYS, EMAILS),
    by_email=st.sampled_from(OnDuplicate),
    by_name=st.sampled_from(OnDuplicate),
)
def test_duplicates_agree_with_an_oracle(
    world: World,
    known: list[tuple[str, date | None, str]],
    line: tuple[str, date | None, str],
    by_email: OnDuplicate,
    by_name: OnDuplicate,
) -> None:
    """People are told apart as a patient clerk would: by address, then by name and birth date."""
    ids = []
    with unit_of_work() as session:
        for table in (Account, Person):
            mine = Person.uid.like("oracle%")
            if table is Account:
                people = select(Person.id).where(mine)
                session.execute(delete(Account).where(Account.person_id.in_(people)))
            else:
                session.execute(delete(Person).where(mine))
        for number, (name, born_on, email) in enumerate(known):
            person = Person(uid=f"oracle{number}", name=name, born_on=born_on, created_at=NOW)
            session.add(person)
            session.flush()
            ids.append(person.id)
            if email:
                account = Account(person_id=person.id, email=email.lower(), created_at=NOW)
                session.add(account)
    name, born_on, email = line
    row = (name, email, born_on.isoformat() if born_on else "")
    asked = command(
        sheet_of([row], ("name", "email", "born on")),
        Duplicates(by_email=by_email, by_name=by_name),
    )
    of_email = [
        i for i, k in zip(ids, known, strict=True) if email and k[2].lower() == email.lower()
    ]
    of_name = [
        i
        for i, k in zip(ids, known, strict=True)
        if born_on and k[1] == born_on and plain(k[0]) == plain(name)
    ]
    ambiguous = not of_email and len(of_name) > 1
    nameless = not of_email and not of_name and not (email or born_on)
    try:
        (plan,) = services.look_at(asked, actor=SYSTEM, now=NOW)
    except Invalid as error:
        assert ambiguous or nameless
        wanted = "members.several-known" if ambiguous else "members.nothing-to-know-by"
        assert [problem.code for problem in error.problems] == [wanted]
        return
    assert not ambiguous
    assert not nameless
    if not of_email and not of_name:
        assert (plan.step, plan.person_id) == (Step.CREATE, None)
        return
    assert plan.person_id == (of_email or of_name)[0]
    # None of them is a member yet, so there is always something to change.
    skips = (by_email if of_email else by_name) is OnDuplicate.SKIP
    assert plan.step is (Step.SKIP if skips else Step.UPDATE)


SIGNS = (
    st.text(
        st.sampled_from(
            ["a", "Z", "é", " ", "'", '"', ";", ",", "=", "+", "-", "@", "1", "ß", "|"]
        ),
        min_size=1,
        max_size=12,
    )
    .map(lambda text: " ".join(text.split()))
    .filter(lambda text: text.strip() and not text.strip().startswith("'"))
)
DAY = st.dates(date(2000, 1, 1), date(2030, 1, 1))


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    members=st.lists(
        st.tuples(
            SIGNS,
            st.dates(date(1930, 1, 1), date(2020, 1, 1)),
            DAY,
            st.none() | DAY,
            st.lists(st.sampled_from(["students", "city-9", "x"]), unique=True),
            st.sampled_from(["", "+393331234567", "+442079460958"]),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_an_export_imports_as_nothing_to_change(
    world: World, members: list[tuple[str, date, date, date | None, list[str], str]]
) -> None:
    """Whatever a cell holds: it comes back as it was, by CSV and by XLSX, and starts no formula."""
    site = world.sites["smart-city-lab"]
    with unit_of_work() as session:
        session.execute(delete(Membership).where(Membership.site_id == site))
        for name, born_on, starts_on, ends_on, groups, phone in members:
            serial = session.scalar(select(func.max(Person.id))) or 0
            person = Person(
                uid=f"trip{serial}",
                name=name.strip(),
                born_on=born_on,
                created_at=NOW,
                language="it",
            )
            session.add(person)
            session.flush()
            session.add_all(
                [
                    Account(person_id=person.id, email=f"trip{serial}@example.org", created_at=NOW),
                    Profile(
                        person_id=person.id,
                        phone=phone,
                        emergency_name="=HYPERLINK(1)" if phone else "",
                        revised_at=NOW,
                        **dict.fromkeys(
                            (
                                "emergency_phone",
                                "street",
                                "postcode",
                                "town",
                                "tax_code",
                                "accessibility",
                            ),
                            "",
                        ),  # fmt: skip
                    ),
                    Membership(
                        person_id=person.id,
                        site_id=site,
                        state="active",
                        starts_on=min(starts_on, ends_on or starts_on),
                        ends_on=ends_on,
                        created_at=NOW,
                        groups=sorted(groups),
                    ),
                ]
            )
    rows = list(queries.exported(reading(), site, SYSTEM))
    as_csv, as_xlsx = sheets.to_csv(rows), sheets.to_xlsx(rows, title="x")
    for cells in csv.reader(io.StringIO(as_csv.decode("utf-8-sig"))):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    for raw in (as_csv, as_xlsx):
        plans = services.look_at(
            command(sheets.read(raw), site="smart-city-lab"), actor=SYSTEM, now=NOW
        )
        assert [(plan.step, plan.changes) for plan in plans] == [(Step.NOTHING, ())] * len(members)


def test_excel_files_dates_numbers_and_hostile_cells(world: World, tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(["Nome", "Cognome", "Email", "Data di nascita", "Cellulare", "Iscritto dal"])
    sheet.append(
        ["Ada", "Neri", "ada@example.org", date(1990, 1, 2), 3331234567, datetime(2026, 1, 1)]
    )
    sheet.append([])
    sheet.append(["=1+1", "Uno", "uno@example.org", "03/02/1991", "+39 02 1234 5678", None])
    sheet["A5"], sheet["C5"] = "'=cmd|' /C calc'!A1", "due@example.org"
    path = tmp_path / "members.xlsx"
    book.save(path)
    read = sheets.read(path.read_bytes())
    assert [number for number, _cells in read.rows] == [2, 4, 5]
    assert read.rows[0][1][3:] == ("1990-01-02", "3331234567", "2026-01-01")
    # A real formula has no result that was ever worked out: its cell is empty.
    assert read.rows[1][1][0] == ""
    services.import_members(command(read), actor=SYSTEM, now=NOW)
    names = set(reading().scalars(select(Person.name)))
    assert {"Ada Neri", "Uno", "=cmd|' /C calc'!A1"} <= names
    out = tmp_path / "out.xlsx"
    out.write_bytes(
        sheets.to_xlsx(queries.exported(reading(), world.sites["mhuma"], SYSTEM), title="x")
    )
    cells = [cell for row in load_workbook(out).active.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "sheet.empty"),
        (b"\n\n", "sheet.empty"),
        ("città".encode("latin-1"), "sheet.not-utf-8"),
        (b'name\n"unclosed', "sheet.not-csv"),
        (b"PK\x03\x04 broken", "sheet.not-xlsx"),
        (("name," * 300).encode() + b"x", "sheet.too-wide"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(raw: bytes, code: str) -> None:
    with pytest.raises(SheetUnreadable, match=code):
        sheets.read(raw)


def test_two_thousand_members_take_few_statements(world: World) -> None:
    """The number of statements decides how long it takes: no time is measured here."""
    rows = [
        (f"Member {n}", f"m{n}@example.org", f"{1950 + n % 50}-01-{1 + n % 28:02d}",
         f"333 1{n:06d}", "it", "2026-01-01", "2027-12-31", "student", "a;b", "2027-01-01")
        for n in range(2_000)
    ]  # fmt: skip
    with statements() as seen:
        done = services.import_members(command(sheet_of(rows)), actor=SYSTEM, now=NOW)
    assert done.created == 2_000
    assert len(seen) < 150
    changed = [
        (*row[:3], f"333 2{n:06d}", *row[4:7], "other", *row[8:]) for n, row in enumerate(rows)
    ]
    with statements() as seen:
        done = services.import_members(command(sheet_of(changed)), actor=SYSTEM, now=NOW)
    assert done.updated == 2_000
    assert len(seen) < 150
    assert counted()["certification"] == 2_000 + 2
    plans = reading().scalars(select(Membership.plan).where(Membership.plan != "").distinct())
    assert set(plans) == {"other"}


def test_the_command_imports_and_exports(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = db.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("LABOPS_DATABASE_URL", url)
    monkeypatch.setenv("LABOPS_DATA_DIR", str(tmp_path))
    path, layout = tmp_path / "soci.csv", tmp_path / "layout.toml"
    path.write_text("Chi;Posta\nZoe Bianchi;zoe@example.org\n", encoding="utf-8")
    run = CliRunner()
    bad = run.invoke(people_command, ["import", str(path), "--site", "mhuma"])
    assert bad.exit_code == 1
    assert "line 1" in bad.output
    layout.write_text('[columns]\nChi = "name"\nPosta = "email"\n', encoding="utf-8")
    args = ["import", str(path), "--site", "mhuma", "--mapping", str(layout)]
    dry = run.invoke(people_command, [*args, "--dry-run"])
    assert "1 people would be added" in dry.output
    reading().rollback()
    assert reading().scalar(select(Account.id).where(Account.email == "zoe@example.org")) is None
    done = run.invoke(people_command, args)
    assert done.exit_code == 0, done.output
    # The layout is remembered: the same file needs no mapping the next time.
    again = run.invoke(people_command, ["import", str(path), "--site", "mhuma"])
    assert "1 left as they are" in again.output
    shown = run.invoke(people_command, ["export", "--site", "mhuma"])
    assert "zoe@example.org" in shown.output
