"""A file of e-mail, account number and CID in; a link out, when its address is a resident's own.

A row waits until somebody proves its address. Then the tie is made, told and audited like any
other, once: who removes it keeps it removed. It is made only while the customer lives there, and
never for staff.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from psycopg import Connection
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, func, select, update

from portal.domain.accounts import rules, ties
from portal.domain.exchange.columns import Column, File, Kind
from portal.domain.exchange.faults import Fault, Faults, Refused, Said, shown
from portal.domain.exchange.reader import Reader
from portal.domain.identity.actor import SYSTEM
from portal.domain.identity.addresses import parse_email
from portal.domain.identity.states import UserStatus
from portal.kit.text import N_
from portal.models.accounts import Account, Customer, Tenure
from portal.models.identity import PreparedLink, User

LINKS = File(
    "links.csv",
    "prepared_link",
    ("email", "account_no", "cid"),
    tuple(Column(name, Kind.KEY) for name in ("email", "account_no", "cid")),
)


@dataclass
class Report:
    """What became of a file's rows. `linked` are ties made now; the rest of `ready` wait."""

    rows: int = 0
    ready: int = 0
    new: int = 0
    linked: int = 0
    faults: Faults = field(default_factory=Faults)


@dataclass(frozen=True)
class _Row:
    line: int
    email: str
    account_no: str
    cid: str


def prepare(session: Session, path: Path, *, skip_bad_rows: bool, now: datetime) -> Report:
    """Take in a file of the old portal's links, and make those whose address is proven already.

    Strict as the exchange: UTF-8, a header with email, account_no and cid, every cell filled.
    Raises Refused, with the rows at fault, where a row is malformed or names nobody's time at an
    account; `skip_bad_rows` leaves such rows out. The same file twice changes nothing.
    """
    report = Report()
    rows = _read(session, path, report)
    accounts = _numbers(session, Account, (row.account_no for row in rows))
    payers = _numbers(session, Customer, (row.cid for row in rows))
    known = set(session.exec(select(Tenure.account_id, Tenure.customer_id)).all())
    wanted: dict[tuple[str, UUID, UUID], None] = {}
    for row in rows:
        email = parse_email(row.email)
        account = _choose(accounts, row.account_no)
        payer = _choose(payers, row.cid)
        if email is None:
            _fault(report, path, row, "email", row.email, N_("is not one e-mail address"))
        elif account is None:
            _fault(report, path, row, "account_no", row.account_no, N_("is no account's number"))
        elif payer is None:
            _fault(report, path, row, "cid", row.cid, N_("is no customer's ID"))
        elif (account, payer) not in known:
            _fault(report, path, row, "cid", row.cid, N_("never was a customer at this account"))
        else:
            wanted[email.lower(), account, payer] = None
    if report.faults.total and not skip_bad_rows:
        raise Refused(
            N_("%(count)s rows at fault, nothing was imported."),
            faults=report.faults,
            count=report.faults.total,
        )
    report.ready = len(wanted)
    report.new = _store(session, list(wanted), now)
    report.linked = settle(session, now)
    return report


def _read(session: Session, path: Path, report: Report) -> list[_Row]:
    """Read the file by way of a table of this transaction: the reader writes for COPY."""
    reader = Reader(path, replace(LINKS, name=path.name), report.faults, lambda _count: None)
    names = [c.name if c else "" for c in reader.reading.header.columns]
    cells = ", ".join(f'"{n}" text' if n else f"extra_{i} text" for i, n in enumerate(names))
    driver = cast("Connection[Any]", session.connection().connection.driver_connection)
    sql = driver.cursor()
    sql.execute("DROP TABLE IF EXISTS pg_temp.stage_links")
    sql.execute(f"CREATE TEMP TABLE stage_links (at_line integer, {cells}) ON COMMIT DROP")
    with sql.copy("COPY stage_links FROM STDIN WITH (FORMAT text, DELIMITER ',', NULL '')") as copy:
        for block in reader.rows_for_copy():
            copy.write(block)
    report.rows = reader.reading.rows
    found = sql.execute(
        "SELECT at_line, email, account_no, cid FROM stage_links ORDER BY at_line"
    ).fetchall()
    return [_Row(*row) for row in found]


def _numbers(
    session: Session, table: type[Account] | type[Customer], typed: Iterable[str]
) -> dict[str, list[tuple[str, UUID]]]:
    """Return the stored numbers that the typed ones may mean, by their tolerant form."""
    number = col(Account.account_no) if table is Account else col(Customer.cid)
    forms = sorted({rules.match_no(rules.typed_number(one)) for one in typed} - {""})
    found: dict[str, list[tuple[str, UUID]]] = {}
    for printed, row_id, form in session.execute(
        select(number, table.id, table.match_no).where(col(table.match_no) == func.any(forms))
    ):
        found.setdefault(form, []).append((printed, row_id))
    return found


def _choose(known: dict[str, list[tuple[str, UUID]]], typed: str) -> UUID | None:
    bare = rules.typed_number(typed)
    return rules.choose(bare, known.get(rules.match_no(bare), ())) if bare else None


def _fault(report: Report, path: Path, row: _Row, column: str, value: str, why: str) -> None:
    report.faults.add(Fault(path.name, row.line, column, shown(value), Said(why)))


def _store(session: Session, wanted: Sequence[tuple[str, UUID, UUID]], now: datetime) -> int:
    new = 0
    for start in range(0, len(wanted), 5000):
        rows = [
            {"email": email, "account_id": account, "customer_id": payer, "created_at": now}
            for email, account, payer in wanted[start : start + 5000]
        ]
        made = session.execute(
            insert(PreparedLink)
            .values(rows)
            .on_conflict_do_nothing(index_elements=["email", "account_id", "customer_id"])
            .returning(col(PreparedLink.id))
        )
        new += len(made.all())
    return new


def settle(session: Session, now: datetime, *, user_id: UUID | None = None) -> int:
    """Make the links whose address a resident has proven, theirs or everybody's; return how many.

    Two runs at once make a link once. Rows of a time that is over stay as they are.
    """
    waiting = (
        select(PreparedLink, User, Account, Customer)
        .join(User, func.lower(User.email) == col(PreparedLink.email))
        .join(Account, col(Account.id) == PreparedLink.account_id)
        .join(Customer, col(Customer.id) == PreparedLink.customer_id)
        .where(
            col(PreparedLink.linked_at).is_(None),
            User.status == UserStatus.ACTIVE.value,
            User.role == "resident",
        )
        .order_by(col(PreparedLink.email), col(Account.account_no), col(Customer.cid))
    )
    if user_id is not None:
        waiting = waiting.where(User.id == user_id)
    made = 0
    for row, user, account, customer in session.exec(waiting).all():
        if ties.lives_there(session, account, customer, now) and _take(session, row, now):
            made += ties.tie(session, SYSTEM, user, account, customer, now, prepared=True)
    return made


def _take(session: Session, row: PreparedLink, now: datetime) -> bool:
    taken = session.exec(
        update(PreparedLink)
        .where(col(PreparedLink.id) == row.id, col(PreparedLink.linked_at).is_(None))
        .values(linked_at=now)
        .execution_options(synchronize_session=False)
    )
    return taken.rowcount == 1
