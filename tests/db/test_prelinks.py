"""Links of the portal before this one: a strict file in, ties out for proven addresses alone."""

import threading
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, select

from portal.domain.accounts import operations as links
from portal.domain.accounts import queries
from portal.domain.exchange.faults import Refused
from portal.domain.identity import mail_tokens, sign_up
from portal.domain.identity.actor import ANONYMOUS
from portal.domain.identity.states import UserStatus, move
from portal.domain.prelinks import operations
from portal.kit.ids import UserId
from portal.models.accounts import Account, Customer
from portal.models.audit import AuditEvent
from portal.models.identity import AccountLink, PreparedLink, User
from portal.models.outbox import Mail
from tests import factories

NOW = datetime(2027, 1, 26, 18, 0, tzinfo=UTC)
EMAIL = "ana@example.org"


def place(db: Session, number: str, cid: str, **stay: object) -> tuple[Account, Customer]:
    account = factories.account(db, account_no=number)
    customer = factories.customer(db, cid=cid)
    factories.tenure(db, account, customer, **stay)
    return account, customer


def file(tmp_path: Path, *rows: str, header: str = "email,account_no,cid") -> Path:
    path = tmp_path / "links.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def take(db: Session, path: Path, *, skip: bool = False) -> operations.Report:
    return operations.prepare(db, path, skip_bad_rows=skip, now=NOW)


def ties(db: Session, user: User) -> list[str]:
    return [one.account_no for one in queries.linked(db, factories.actor(user))]


def test_a_proven_address_is_linked_at_once_mailed_and_noted(db: Session, tmp_path: Path) -> None:
    place(db, "00028624", "405583")
    place(db, "300", "9")
    user = factories.user(db, email="Ana@Example.org")
    holder = factories.actor(factories.user(db))
    links.link(db, holder, "300", "9", NOW)
    report = take(db, file(tmp_path, f"{EMAIL},028-624,405583", f'"{EMAIL}", 300 ,9'))
    assert (report.rows, report.new, report.linked, report.faults.total) == (2, 2, 2, 0)
    assert ties(db, user) == ["00028624", "300"]
    kinds = db.exec(select(Mail.kind).order_by(Mail.kind)).all()
    assert kinds == ["link_created", "link_created_by_other", "link_prepared", "link_prepared"]
    told = db.exec(select(Mail).where(Mail.kind == "link_created_by_other")).one()
    assert "They had it in our earlier portal." in told.text_body
    events = db.exec(select(AuditEvent).where(AuditEvent.act == "link.prepared")).all()
    assert {(e.actor_role, e.subject_user_id) for e in events} == {("system", user.id)}


def test_the_same_file_twice_changes_nothing_and_a_removed_link_stays_removed(
    db: Session, tmp_path: Path
) -> None:
    place(db, "28624", "405583")
    user = factories.user(db, email=EMAIL)
    path = file(tmp_path, f"{EMAIL},28624,405583", f"{EMAIL.upper()},28624,405583")
    assert take(db, path).linked == 1
    (tie,) = queries.linked(db, factories.actor(user))
    links.remove(db, factories.actor(user), str(tie.link_id), NOW)
    again = take(db, path)
    assert (again.rows, again.ready, again.new, again.linked) == (2, 1, 0, 0)
    assert ties(db, user) == []


def test_activation_proves_the_address(database: Engine, tmp_path: Path) -> None:
    with Session(database, expire_on_commit=False) as db, db.begin():
        place(db, "28624", "405583")
        user = factories.user(db, email=EMAIL, status="unverified", activated_at=None)
        assert take(db, file(tmp_path, f"{EMAIL},28624,405583")).linked == 0
        assert operations.settle(db, NOW, user_id=user.id) == 0  # nothing proven yet
        secret = mail_tokens.issue(db, user, "activate", NOW).secret
        sign_up.activate(db, ANONYMOUS, secret, NOW)
        queued = db.connection().execute(
            text("SELECT args FROM procrastinate_jobs WHERE task_name = 'prelinks.settle'")
        )
        assert queued.scalars().all() == [{"user_id": str(user.id)}]
    from portal.jobs import prelinks

    prelinks.settle(str(user.id))
    prelinks.settle(str(user.id))
    with Session(database) as db:
        assert ties(db, user) == ["28624"]
        assert len(db.exec(select(Mail).where(Mail.kind == "link_prepared")).all()) == 1


def test_another_or_a_changed_address_staff_and_closed_get_nothing(
    db: Session, tmp_path: Path
) -> None:
    place(db, "28624", "405583")
    other = factories.user(db, email="bob@example.org")
    clerk = factories.user(db, email="clerk@example.org", role="viewer")
    left = factories.user(db, email="left@example.org", status="closed")
    rows = [f"{e},28624,405583" for e in (EMAIL, clerk.email, left.email)]
    assert take(db, file(tmp_path, *rows)).linked == 0
    changed = factories.user(db, email="new@example.org", status="unverified")
    move(db, ANONYMOUS, UserId(changed.id), UserStatus.UNVERIFIED, UserStatus.ACTIVE, NOW)
    assert operations.settle(db, NOW) == 0
    assert db.exec(select(AccountLink)).all() == []
    # Who proves the address later, by whichever way, is found by the night's sweep.
    other.email = EMAIL
    db.flush()
    assert operations.settle(db, NOW) == 1


def test_only_while_the_time_there_lasts(db: Session, tmp_path: Path) -> None:
    left = place(db, "28624", "405583", stop_date=date(2027, 1, 26))
    account, _ = place(db, "300", "9")
    account.status = "INACTIVE"
    factories.user(db, email=EMAIL)
    report = take(db, file(tmp_path, f"{EMAIL},28624,405583", f"{EMAIL},300,9"))
    assert (report.ready, report.linked) == (2, 0)
    # Still waiting: who comes back is linked then.
    factories.tenure(db, *left, start_date=date(2027, 1, 26))
    assert operations.settle(db, NOW) == 1


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("ana@example.org,28624", ""),
        ("ana@example.org,28624,", "cid"),
        ("not an address,28624,405583", "email"),
        ("a@example.org;b@example.org,28624,405583", "email"),
        ('"a@example.org\nBcc: x",28624,405583', "email"),
        ("ana@example.org,99999,405583", "account_no"),
        ("ana@example.org,'; DROP,405583", "account_no"),
        ("ana@example.org,28624,1", "cid"),
        ("ana@example.org,28624,9", "cid"),
        ("ana@example.org,28624,4055\x0083", "cid"),
    ],
)
def test_rows_at_fault_refuse_the_file_or_are_left_out(
    db: Session, tmp_path: Path, row: str, column: str
) -> None:
    place(db, "28624", "405583")
    place(db, "300", "9")
    path = file(tmp_path, f"{EMAIL},300,9", row)
    with pytest.raises(Refused) as refused, db.begin_nested():
        take(db, path)
    (fault,) = refused.value.faults.kept
    assert (fault.file_name, fault.line, fault.column) == ("links.csv", 3, column)
    assert db.exec(select(PreparedLink)).all() == []
    report = take(db, path, skip=True)
    assert (report.new, report.faults.total) == (1, 1)


@pytest.mark.parametrize("header", ["email,account_no", "email,account_no,cid,cid", '"'])
def test_a_wrong_header_is_refused(db: Session, tmp_path: Path, header: str) -> None:
    with pytest.raises(Refused):
        take(db, file(tmp_path, header=header))


def test_of_two_runs_at_once_one_links(database: Engine, tmp_path: Path) -> None:
    with Session(database) as db, db.begin():
        place(db, "28624", "405583")
        take(db, file(tmp_path, f"{EMAIL},28624,405583"))
        factories.user(db, email=EMAIL)
    start, made = threading.Barrier(2), []

    def settle() -> None:
        with Session(database) as db, db.begin():
            db.connection()
            start.wait(30)
            made.append(operations.settle(db, NOW))

    crowd = [threading.Thread(target=settle) for _ in range(2)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join(60)
    assert sorted(made) == [0, 1]
    with Session(database) as db:
        assert len(db.exec(select(Mail)).all()) == 1
