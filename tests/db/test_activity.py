"""Who looked at my account: what a resident reads of the audit, and what nobody else does."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert
from sqlmodel import Session, col, select

from portal.domain.accounts import operations as accounts
from portal.domain.audit import operations, queries
from portal.domain.audit.acts import ACTS, UNSHOWN
from portal.domain.bills import overview
from portal.domain.bills.details import bill_details
from portal.domain.bills.queries import account_summary, consumption, manage_bills
from portal.domain.identity import sign_in
from portal.domain.identity.actor import ANONYMOUS, SYSTEM, Actor
from portal.domain.settings import closing, export
from portal.domain.sharing import people
from portal.domain.staff import audit, customers, lists
from portal.kit.db import transaction
from portal.kit.errors import DomainError, NotAllowed, NotFound
from portal.kit.text import speaking
from portal.models.accounts import Account, Customer
from portal.models.audit import AuditEvent
from portal.models.identity import User
from tests import factories
from tests.db.bills.test_balance import pay
from tests.state.test_budgets import statements

NOW = datetime.now(UTC)
TODAY = NOW.date()
Home = tuple[User, Account, Customer]


@pytest.fixture
def home(db: Session) -> Home:
    return factories.household(db)


def said(db: Session, user: User, **asked: Any) -> list[str]:
    """Return the sentences that `user` reads, newest first."""
    fields = {"show": "", "account_claim": "", "begin": "", "end": ""} | asked
    return [one.said for one in queries.activity(db, factories.actor(user), **fields).events]


def noted(db: Session, act: str, at: datetime, **about: Any) -> None:
    """Write an event of another time."""
    values = {"actor_role": "viewer", "ip": "203.0.113.9", "detail": {}}
    db.execute(insert(AuditEvent).values(values | {"act": act, "at": at} | about))


def clerk(db: Session, role: str = "viewer") -> Actor:
    return factories.actor(factories.user(db, role=role, email=f"clerk-{role}@city.example"))


def guest_of(db: Session, home: Home, rights: str = "view", **given: Any) -> User:
    ana, place, payer = home
    guest = factories.user(db, email="gustavo@example.net")
    factories.link(db, guest, place, payer, rights=rights, granted_by=ana.id, **given)
    return guest


def test_staff_who_look_at_the_customer_the_bill_and_the_payment_are_read_of(
    db: Session, home: Home
) -> None:
    ana, place, payer = home
    bill = factories.bill(db, place, payer, bill_no="98820", statement_date=date(2026, 5, 3))
    item = pay(db, ana, bill, 100)
    member = clerk(db)
    customers.view_customer(db, member, str(payer.id), "1", NOW, TODAY)
    bill_details(db, member, str(bill.id), TODAY)
    lists.payment(db, member, str(item.payment_id))
    customers.view_sign_in(db, member, str(ana.id), NOW)
    assert sorted(said(db, ana)) == [
        "City staff looked at a payment of your bills",
        "City staff looked at bill 98820 of 5/3/2026",
        "City staff looked at your customer record",
        "City staff looked at your sign-in",
    ]
    assert said(db, ana, show="staff") == said(db, ana)
    assert said(db, ana, show="sign-ins") == ["City staff looked at your sign-in"]
    with speaking("es"):
        assert "El personal de la ciudad vio su registro de cliente" in said(db, ana)
    every = repr(queries.activity(db, factories.actor(ana), "", "", "", ""))
    # Neither who of the staff, nor where they sit, nor what the portal calls the payment.
    for hidden in ("clerk", "city.example", "192.0", str(item.payment_id), str(member.user_id)):
        assert hidden not in every
    assert [
        one.account_no for one in queries.taken(db, factories.actor(ana), "", "", "", "")
    ].count(place.account_no) == 2  # the bill's and the payment's; the record is the customer's


def test_what_a_stranger_reads_is_nothing(db: Session, home: Home) -> None:
    _, place, payer = home
    customers.view_customer(db, clerk(db), str(payer.id), "1", NOW, TODAY)
    other, _, _ = factories.household(db)
    assert said(db, other) == []
    with pytest.raises(NotFound):
        said(db, other, account_claim=str(place.id))
    with pytest.raises(NotFound):
        said(db, other, account_claim="x' OR 1=1")
    for nobody in (ANONYMOUS, SYSTEM, clerk(db, "administrator")):
        for call in (queries.activity, queries.taken):
            with pytest.raises(NotAllowed):
                call(db, nobody, "", "", "", "")


def test_the_time_at_the_account_binds_at_both_ends(db: Session) -> None:
    place, payer, then, next_one = (
        factories.account(db), factories.customer(db), factories.user(db), factories.customer(db)
    )  # fmt: skip
    factories.tenure(
        db, place, payer, start_date=date(2026, 3, 1), stop_date=date(2026, 9, 1), relation="TENANT"
    )
    factories.tenure(db, place, next_one, start_date=date(2026, 9, 1))
    factories.link(db, then, place, payer)
    heir = factories.user(db)
    factories.link(db, heir, place, next_one)
    # The city's midnight: 08:00 UTC in winter, 07:00 in summer.
    begins, ends = datetime(2026, 3, 1, 8, tzinfo=UTC), datetime(2026, 9, 1, 7, tzinfo=UTC)
    second = timedelta(seconds=1)
    whose = {"account_id": place.id, "customer_id": payer.id}
    for act, about in (("bill.view", whose), ("staff.view_customer", {"customer_id": payer.id})):
        for at in (begins - second, begins, ends - second, ends):
            noted(db, act, at, **about)
        # The next one's, and what names no customer, in the time of the one before.
        noted(db, act, begins + second, account_id=place.id, customer_id=next_one.id)
    noted(db, "bill.view", begins + second, account_id=place.id)
    found = queries.activity(db, factories.actor(then), "", "", "", "").events
    assert [one.at for one in found] == [ends - second] * 2 + [begins] * 2
    assert said(db, heir) == []
    noted(db, "bill.view", ends, account_id=place.id, customer_id=next_one.id)
    assert len(said(db, heir)) == 1
    assert len(said(db, then)) == 4


def test_a_delegates_look_is_noted_once_a_day_and_read_by_holders_alone(
    db: Session, home: Home
) -> None:
    ana, place, payer = home
    guest = guest_of(db, home)
    bill = factories.bill(db, place, payer, bill_no="98820", statement_date=date(2026, 5, 3))
    actor = factories.actor(guest)
    for _ in range(3):
        account_summary(db, actor, str(place.id), TODAY)
        manage_bills(db, actor, str(place.id), TODAY)
        consumption(db, actor, str(place.id), "")
        bill_details(db, actor, str(bill.id), TODAY)
    bill_details(db, actor, str(bill.id), TODAY, download=True)
    read = [
        "g***@example.net downloaded bill 98820 of 5/3/2026",
        "g***@example.net looked at bill 98820 of 5/3/2026",
        "g***@example.net looked at the account and its bills",
        "g***@example.net looked at the water use",
    ]
    assert sorted(said(db, ana)) == read
    assert sorted(said(db, ana, show="people")) == read
    assert sorted(said(db, ana, show="files")) == read[:1]
    # The delegate reads of himself, and of nobody else at the account.
    customers.view_customer(db, clerk(db), str(payer.id), "1", NOW, TODAY)
    assert sorted(said(db, guest)) == [line.replace("g***@example.net", "You") for line in read]


def test_who_has_the_account_alone_leaves_no_trail_of_looks(db: Session, home: Home) -> None:
    ana, place, _ = home
    guest_of(db, home)  # reads nothing of it, so for his sake nothing is kept
    account_summary(db, factories.actor(ana), str(place.id), TODAY)
    assert db.exec(select(AuditEvent)).all() == []


def test_holders_read_of_each_other_and_delegates_of_no_holder(db: Session, home: Home) -> None:
    ana, place, payer = home
    spouse = factories.user(db, email="spouse@example.net")
    factories.link(db, spouse, place, payer)
    guest = guest_of(db, home)
    account_summary(db, factories.actor(spouse), str(place.id), TODAY)
    tie = next(p for p in people.people(db, factories.actor(ana), str(place.id), NOW).people
               if p.email.startswith("g"))  # fmt: skip
    fresh = factories.actor(ana, authenticated_at=NOW)
    people.change(db, fresh, str(tie.link_id), "pay", "", NOW)
    changed = "changed what g***@example.net may do with the account"
    # In one transaction all has one instant, and so no order.
    looked = "looked at the account and its bills"
    assert set(said(db, ana)) == {f"You {changed}", f"s***@example.net {looked}"}
    assert set(said(db, spouse)) == {f"r***@example.com {changed}", f"You {looked}"}
    assert said(db, guest) == [
        "Somebody else with the account changed what you may do with the account"
    ]
    accounts.remove(db, fresh, str(tie.link_id), NOW)
    removed = "Somebody else with the account removed your link to the account"
    assert removed in said(db, guest)
    assert "You removed the link of g***@example.net to the account" in said(db, ana)


def test_who_no_longer_holds_the_account_reads_no_more_of_it(db: Session, home: Home) -> None:
    ana, place, payer = home
    spouse = factories.user(db, email="spouse@example.net")
    tie = factories.link(db, spouse, place, payer)
    customers.view_customer(db, clerk(db), str(payer.id), "1", NOW, TODAY)
    assert len(said(db, spouse)) == 1
    tie.removed_at = NOW
    db.add(tie)
    db.flush()
    assert said(db, spouse) == []
    assert len(said(db, ana)) == 1


def test_own_sign_ins_say_where_from_and_others_do_not(db: Session, home: Home) -> None:
    ana, place, _ = home
    windows = "Mozilla/5.0 (Windows NT 10.0; Win64) Firefox/140.0"
    sign_in.enter(db, ana, remember=False, ip="198.51.100.7", user_agent=windows, now=NOW)
    operations.record(db, Actor(ip="203.0.113.9"), "session.wrong_password", subject_user_id=ana.id)
    guest = guest_of(db, home)
    sign_in.enter(db, guest, remember=False, ip="198.51.100.99", user_agent=windows, now=NOW)
    look = Actor(**{**factories.actor(guest).__dict__, "ip": "198.51.100.99"})
    account_summary(db, look, str(place.id), TODAY)
    found = queries.activity(db, factories.actor(ana), "", "", "", "").events
    assert {(one.said, one.browser, one.network) for one in found} == {
        ("You signed in", "Firefox on Windows", "198.51.100.x"),
        ("Somebody entered a wrong password for your sign-in", "", "203.0.113.x"),
        ("g***@example.net looked at the account and its bills", "", ""),
    }


def test_copies_and_lists_are_read_of_by_the_other_holders(db: Session, home: Home) -> None:
    ana, place, payer = home
    spouse = factories.user(db, email="spouse@example.net")
    factories.link(db, spouse, place, payer)
    fresh = factories.actor(spouse, authenticated_at=NOW)
    export.export(db, fresh, NOW)
    overview.note_download(db, fresh, overview.overview(db, fresh, TODAY))
    assert sorted(said(db, ana, show="files")) == [
        "s***@example.net downloaded a list of accounts with this one in it",
        "s***@example.net took a copy of their data, with the bills of this account in it",
    ]
    assert sorted(said(db, spouse, show="files")) == [
        "You downloaded the list of your accounts", "You took a copy of your data",
    ]  # fmt: skip
    queries.taken(db, factories.actor(ana), "", "", "", "")
    assert "You downloaded this record of activity" in said(db, ana)


def test_a_closed_sign_in_is_named_by_no_address(db: Session, home: Home) -> None:
    ana, place, payer = home
    leaver = factories.user(db, email="leaver@example.net")
    factories.link(db, leaver, place, payer)
    account_summary(db, factories.actor(leaver), str(place.id), TODAY)
    closing.close(db, factories.actor(leaver), NOW)
    lines = said(db, ana)
    assert "Somebody whose sign-in is closed looked at the account and its bills" in lines
    assert "Somebody whose sign-in is closed gave up the link to the account" in lines
    assert not [line for line in lines if "@" in line]


def test_a_delegates_payment_is_read_of_with_the_accounts_that_one_holds(
    db: Session, home: Home
) -> None:
    ana, place, payer = home
    other, _, _ = factories.household(db)
    guest = guest_of(db, home, "pay")
    item = pay(db, guest, factories.bill(db, place, payer), 100)
    operations.record(
        db, factories.actor(guest), "payment.attempt", payment_id=item.payment_id, amount_cents=100
    )
    (line,) = queries.activity(db, factories.actor(ana), "people", "", "", "").events
    assert (line.said, line.account_no) == ("g***@example.net started a payment", place.account_no)
    assert said(db, guest) == ["You started a payment"]
    assert said(db, other) == []
    assert said(db, ana, account_claim=str(place.id)) == ["g***@example.net started a payment"]


def test_a_look_up_of_a_number_names_who_lives_there_on_the_citys_day(
    db: Session, home: Home
) -> None:
    _, place, payer = home
    begins, asked = date(2020, 1, 1), audit.Looked(number=place.account_no)
    administrator = clerk(db, "administrator")
    noted_for: list[object] = []
    for today in (begins - timedelta(days=1), begins):
        audit.entries(db, administrator, asked, "", today)
        looks = select(AuditEvent.customer_id).where(AuditEvent.act == "staff.view_audit")
        noted_for.append(set(db.exec(looks.where(AuditEvent.account_id == place.id)).all()))
    assert noted_for == [{None}, {None, payer.id}]


def test_the_log_is_narrowed_by_account_days_and_page(db: Session, home: Home) -> None:
    ana, place, payer = home
    second, again = factories.account(db), factories.customer(db)
    factories.tenure(db, second, again)
    factories.link(db, ana, second, again)
    for n in range(30):
        at = datetime(2026, 5, 1, 20, tzinfo=UTC) + timedelta(days=n)
        noted(db, "bill.view", at, account_id=place.id, customer_id=payer.id)
    noted(db, "bill.view", datetime(2026, 5, 3, 20, tzinfo=UTC), account_id=second.id,
          customer_id=again.id)  # fmt: skip
    actor = factories.actor(ana)
    first = queries.activity(db, actor, "", "", "", "")
    assert (first.total, first.page, first.last, len(first.events)) == (31, 1, 2, 25)
    assert len(queries.activity(db, actor, "", "", "", "", "99").events) == 6
    assert queries.activity(db, actor, "", str(second.id), "", "").total == 1
    assert queries.activity(db, actor, "", "", "2026-05-03", "2026-05-04").total == 3
    assert queries.activity(db, actor, "", str(place.id), "2026-05-03", "2026-05-03").total == 1
    wrong = [
        ("x", "", "begin"), ("", "0001-01-01", "end"), ("9999-12-31", "", "begin"),
        ("2026-05-04", "2026-05-03", "end"),
    ]  # fmt: skip
    for begin, end, field in wrong:
        with pytest.raises(DomainError) as refused:
            queries.activity(db, actor, "", "", begin, end)
        assert refused.value.field == field


def test_the_log_is_three_statements_however_much_there_is(database: Engine) -> None:
    with transaction() as session:
        ana = factories.user(session)
        for _ in range(12):
            place, payer = factories.account(session), factories.customer(session)
            factories.tenure(session, place, payer)
            factories.link(session, ana, place, payer)
            pay(session, ana, factories.bill(session, place, payer), 100)
            for _ in range(4):
                noted(session, "bill.view", NOW, account_id=place.id, customer_id=payer.id)
    with statements(database) as said_, transaction() as session:
        found = queries.activity(session, factories.actor(ana), "", "", "", "")
    assert (found.total, len(found.events), len(found.places), len(said_)) == (48, 25, 12, 3)


def test_what_one_did_as_staff_is_not_a_residents_to_read(db: Session, home: Home) -> None:
    ana, _, _ = home
    stranger = factories.customer(db)
    noted(db, "staff.view_customer", NOW, actor_user_id=ana.id, customer_id=stranger.id)
    assert said(db, ana) == []


def test_an_act_that_nobody_placed_is_refused(db: Session) -> None:
    with pytest.raises(ValueError, match="who reads"):
        operations.record(db, SYSTEM, "link.invented")
    with pytest.raises(ValueError, match="who reads"):
        operations.look(db, SYSTEM, "account.peek", [])
    assert set(ACTS) & set(UNSHOWN) == set()
    assert db.exec(select(AuditEvent).where(col(AuditEvent.act) == "link.invented")).all() == []
