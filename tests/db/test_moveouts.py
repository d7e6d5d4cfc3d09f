"""Moving out, by real imports: what ends, what stays, who hears, and what a correction restores."""

import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from portal.domain.accounts import operations as links
from portal.domain.accounts.policy import PAY, opened_accounts
from portal.domain.accounts.queries import linked
from portal.domain.bills.queries import account_summary
from portal.domain.exchange.operations import Options, Outcome, import_folder
from portal.domain.identity.actor import Actor
from portal.domain.moveouts import operations
from portal.models.accounts import Account, Customer
from portal.models.audit import AuditEvent
from portal.models.identity import AccountLink, User
from portal.models.outbox import Mail
from portal.models.sharing import Invitation
from portal.models.usage import AlertAddress, UsageNotification
from tests import factories
from tests.exchange_folder import Folder

ZONE = ZoneInfo("America/Los_Angeles")
NOW = datetime(2027, 1, 26, 9, 0, tzinfo=UTC)  # 1:00 of the 26th in Pleasanton
NIGHT = timedelta(days=1)
STAY = {"start_date": "2020-01-01"}
LEFT = STAY | {"stop_date": "2027-01-20"}
NEXT = {"cid": "100002", "start_date": "2027-01-20"}


@dataclass
class Town:
    """One account with a holder and a delegate, and the folders of its nights."""

    db: Session
    path: Path
    holder: User
    delegate: User
    nights: int = 0

    def night(self, *stays: dict[str, str], at: datetime = NOW, **how: bool) -> Outcome:
        """Take in a night's folder in which the tenures are these."""
        self.nights += 1
        folder = Folder(self.path / f"night{self.nights}").basics()
        folder.put("customers.csv", {}, {"cid": "100002", "name1": "NEXT, NOEL"})
        folder.put("account_customers.csv", *stays)
        folder.put("bills.csv", {"statement_date": "2027-01-22", "due_date": "2027-02-20"})
        as_of = (at - timedelta(hours=2)).astimezone(ZONE).isoformat()
        outcome = import_folder(
            self.db, folder.seal(as_of), Options(ZONE, self.path / "data", **how), now=at
        )
        self.db.expire_all()
        return outcome

    def kinds(self) -> list[str]:
        """Return what was mailed, by kind and address."""
        mails = self.db.exec(select(Mail)).all()
        return sorted(f"{m.kind} {m.to_address}" for m in mails)


@pytest.fixture
def town(db: Session, tmp_path: Path) -> Town:
    """A household of two, with alerts that a third person hears of."""
    found = Town(
        db, tmp_path, factories.user(db, email="ana@example.org"),
        factories.user(db, email="ben@example.org"),
    )  # fmt: skip
    found.night(STAY)
    account = db.exec(select(Account)).one()
    customer = db.exec(select(Customer).where(Customer.cid == "100001")).one()
    factories.link(db, found.holder, account, customer)
    factories.link(db, found.delegate, account, customer, rights=PAY, granted_by=found.holder.id)
    for user in (found.holder, found.delegate):
        db.add(
            UsageNotification(
                user_id=user.id, account_id=account.id, customer_id=customer.id,
                threshold_gallons=300, emails=[user.email, "aunt@example.org"], updated_at=NOW,
            )
        )  # fmt: skip
        db.add(
            AlertAddress(
                user_id=user.id, email="aunt@example.org", language="en",
                confirmed_at=NOW if user is found.holder else None,
            )
        )  # fmt: skip
    db.flush()
    return found


def acts(db: Session) -> list[tuple[str, UUID | None]]:
    events = db.exec(select(AuditEvent).where(AuditEvent.act.startswith("link."))).all()  # type: ignore[attr-defined]
    return sorted((e.act, e.subject_user_id) for e in events)


def actor(user: User) -> Actor:
    return factories.actor(user)


def test_what_hangs_on_the_tenure_ends_together_and_is_told_once(town: Town) -> None:
    db = town.db
    outcome = town.night(LEFT, NEXT, at=NOW + NIGHT)
    assert [*map(str, outcome.notes)] == [
        "links of customers who moved out: 2 ended, 0 opened again"
    ]
    assert town.kinds() == [
        "alerts_ended aunt@example.org",
        "moved_out ana@example.org",
        "moved_out ben@example.org",
    ]
    holders = db.exec(select(Mail).where(Mail.to_address == town.holder.email)).one()
    assert "12 Oak St (account ending in 0001): January 20, 2027" in holders.text_body
    assert "You keep your own bills" in holders.text_body
    shared = db.exec(select(Mail).where(Mail.to_address == town.delegate.email)).one()
    assert "You keep your own bills" not in shared.text_body
    assert "shared with you" in shared.text_body
    # The delegate sees nothing; the holder keeps the link, the final bill and their own time.
    assert opened_accounts(db, actor(town.delegate)) == []
    (kept,) = opened_accounts(db, actor(town.holder))
    assert kept.covers(date(2027, 1, 19))
    assert not kept.covers(date(2027, 1, 20))
    today = (NOW + NIGHT).astimezone(ZONE).date()
    summary = account_summary(db, actor(town.holder), str(kept.account_id), today)
    assert (summary.moved_out, len(summary.payable)) == (date(2027, 1, 20), 1)
    (row,) = linked(db, actor(town.holder))
    assert (row.stop, row.others) == (date(2027, 1, 20), ())
    assert {n.ended_at for n in db.exec(select(UsageNotification)).all()} == {NOW + NIGHT}
    assert acts(db) == sorted(("link.moved_out", user.id) for user in (town.holder, town.delegate))


def test_the_same_night_again_and_the_next_find_nothing_to_do(town: Town) -> None:
    town.night(LEFT, at=NOW + NIGHT)
    before = (town.kinds(), acts(town.db))
    assert town.night(LEFT, at=NOW + NIGHT, force=True).notes == []
    assert town.night(LEFT, NEXT, at=NOW + 2 * NIGHT).notes == []
    assert operations.settle(town.db, ZONE, NOW + 3 * NIGHT) == operations.Outcome(0, 0)
    assert (town.kinds(), acts(town.db)) == before


def test_a_stop_date_to_come_waits_for_the_night_after_the_last_day(town: Town) -> None:
    town.night(STAY | {"stop_date": "2027-01-30"}, at=NOW + NIGHT)
    assert town.kinds() == []
    assert linked(town.db, actor(town.holder))[0].stop == date(2027, 1, 30)
    last = datetime(2027, 1, 30, 7, 59, tzinfo=UTC)  # 23:59 of the 29th
    assert operations.settle(town.db, ZONE, last) == operations.Outcome(0, 0)
    assert operations.settle(town.db, ZONE, last + timedelta(minutes=6)).ended == 2
    assert len(town.kinds()) == 3


def test_a_late_file_ends_a_time_that_was_over_for_weeks(town: Town) -> None:
    town.night(STAY | {"stop_date": "2026-12-01"}, at=NOW + NIGHT)
    assert [one.stop for one in linked(town.db, actor(town.holder))] == [date(2026, 12, 1)]
    assert len(town.kinds()) == 3


def test_a_full_file_that_omits_the_tenure_ends_it(town: Town) -> None:
    town.night(NEXT, at=NOW + NIGHT)
    assert opened_accounts(town.db, actor(town.delegate)) == []


def test_a_correction_restores_exactly_what_the_move_out_ended(town: Town) -> None:
    db = town.db
    gone = factories.user(db, email="gone@example.org")
    tie = db.exec(select(AccountLink).where(AccountLink.user_id == town.holder.id)).one()
    factories.link(
        db, gone, db.get_one(Account, tie.account_id), db.get_one(Customer, tie.customer_id),
        rights=PAY, granted_by=town.holder.id, removed_at=NOW,
    )  # fmt: skip
    own = db.exec(
        select(UsageNotification).where(UsageNotification.user_id == town.delegate.id)
    ).one()
    own.ended_at = NOW  # had ended before, for another reason
    db.flush()
    town.night(LEFT, at=NOW + NIGHT)
    outcome = town.night(STAY, at=NOW + 2 * NIGHT)
    assert [*map(str, outcome.notes)] == [
        "links of customers who moved out: 0 ended, 2 opened again"
    ]
    assert len(opened_accounts(db, actor(town.delegate))) == 1
    assert opened_accounts(db, actor(gone)) == []
    ended = {n.user_id: n.ended_at for n in db.exec(select(UsageNotification)).all()}
    assert ended == {town.holder.id: None, town.delegate.id: NOW}
    assert [k for k in town.kinds() if k.startswith("moved_back")] == [
        "moved_back ana@example.org", "moved_back ben@example.org",
    ]  # fmt: skip
    # And should the customer leave after all, it is told again.
    assert str(town.night(LEFT, at=NOW + 3 * NIGHT).notes[0]).startswith("links of customers")


def test_who_removed_the_link_meanwhile_keeps_it_removed(town: Town) -> None:
    town.night(LEFT, at=NOW + NIGHT)
    (row,) = linked(town.db, actor(town.holder))
    links.remove(town.db, actor(town.holder), str(row.link_id), NOW + NIGHT + timedelta(hours=1))
    town.night(STAY, at=NOW + 2 * NIGHT)
    assert opened_accounts(town.db, actor(town.holder)) == []
    assert "moved_back ana@example.org" not in town.kinds()


def test_a_landlord_hears_of_all_places_in_one_mail(town: Town) -> None:
    db = town.db
    customer = db.exec(select(Customer).where(Customer.cid == "100001")).one()
    for i in range(30):
        account = factories.account(db, account_no=f"70{i:04}", service_address=f"{i} Elm St")
        factories.tenure(db, account, customer, stop_date=date(2027, 1, 26))
        factories.link(db, town.holder, account, customer)
    assert operations.settle(db, ZONE, NOW) == operations.Outcome(30, 0)
    (mail,) = db.exec(select(Mail)).all()
    assert mail.subject == "Service at 30 of your addresses has ended"
    assert mail.text_body.count("Elm St") == 30


def test_open_invitations_are_withdrawn(town: Town) -> None:
    tie = town.db.exec(select(AccountLink).where(AccountLink.user_id == town.holder.id)).one()
    town.db.add(
        Invitation(
            token_hash="h", email="cy@example.org", account_id=tie.account_id,
            customer_id=tie.customer_id, invited_by=town.holder.id, rights=PAY,
            expires_at=NOW + 7 * NIGHT,
        )
    )  # fmt: skip
    town.db.flush()
    town.night(LEFT, at=NOW + NIGHT)
    assert town.db.exec(select(Invitation.withdrawn_at)).one() == NOW + NIGHT


def test_a_closed_sign_in_hears_nothing(town: Town) -> None:
    for user in (town.holder, town.delegate):
        user.status = "closed"
    town.db.flush()
    assert operations.settle(town.db, ZONE, NOW) == operations.Outcome(0, 0)
    town.night(LEFT, at=NOW + NIGHT)
    assert town.kinds() == []


def test_two_runs_at_once_tell_it_once(database: Engine) -> None:
    with Session(database) as db, db.begin():
        factories.household(db)
        db.connection().exec_driver_sql("UPDATE tenure SET stop_date = '2027-01-20'")
    start, ended = threading.Barrier(2), []

    def settle() -> None:
        with Session(database) as db, db.begin():
            db.connection()
            start.wait(30)
            ended.append(operations.settle(db, ZONE, NOW).ended)

    crowd = [threading.Thread(target=settle) for _ in range(2)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join(60)
    assert sorted(ended) == [0, 1]
    with Session(database) as db:
        assert len(db.exec(select(Mail)).all()) == 1
