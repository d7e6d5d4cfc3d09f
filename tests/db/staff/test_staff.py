"""What staff find, see and do, and that each of it is audited."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session, col, select

from portal.cities import city_file, read_city
from portal.domain.bills.details import bill_details
from portal.domain.identity import limits, throttles
from portal.domain.identity.actor import ANONYMOUS, Actor
from portal.domain.identity.sign_in import user_bucket
from portal.domain.staff import announcements, customers, lists, operations, work
from portal.domain.staff.announcements import Draft
from portal.domain.staff.search import find, prefix_query
from portal.kit.errors import DomainError, NotAllowed, NotFound
from portal.kit.ids import UserId
from portal.kit.paging import last_page, page_of
from portal.models.accounts import Account
from portal.models.audit import AuditEvent
from portal.models.exchange import ImportFault, ImportRun
from portal.models.identity import AccountLink, User
from portal.models.outbox import Mail
from portal.models.payments import StaffTask
from tests import factories

NOW = datetime(2027, 1, 26, 18, 0, tzinfo=UTC)
TODAY = date(2027, 1, 26)
ZONE = read_city(city_file("pleasanton")).zone


def member(db: Session, role: str) -> Actor:
    user = User(email=f"{role}-{uuid4().hex[:6]}@city.example", role=role, status="active")
    db.add(user)
    db.flush()
    return Actor(UserId(user.id), role, second_factor=True)


def acts(db: Session) -> list[str]:
    return [event.act for event in db.exec(select(AuditEvent).order_by(col(AuditEvent.at))).all()]


@pytest.fixture
def town(db: Session) -> dict[str, Any]:
    place = factories.account(db, account_no="00028624", service_address="0 ALAMEDA DR - IRR")
    payer = factories.customer(db, cid="405583", name1="DELGADO, MARIA", email="maria@home.example")
    factories.tenure(db, place, payer)
    bill = factories.bill(db, place, payer, 13446)
    other = factories.account(db, account_no="777", service_address="88 ALAMEDA CT")
    hidden = factories.customer(db, cid="999", name1="SECRET, SYLVIA", confidential=True)
    factories.tenure(db, other, hidden)
    user = User(email="maria@example.org", first_name="Maria", last_name="Delgado", status="active")
    db.add(user)
    db.flush()
    tie = AccountLink(user_id=user.id, account_id=place.id, customer_id=payer.id)
    db.add(tie)
    db.flush()
    return {"payer": payer, "hidden": hidden, "user": user, "tie": tie, "bill": bill}


@pytest.mark.parametrize(
    "typed",
    ["28624", "0002-8624", "405583", "maria", "Delgado Maria", "alameda irr", "MARIA@example",
     "maria@home.example"],
)  # fmt: skip
def test_found_by_number_name_street_and_mail(db: Session, town: Any, typed: str) -> None:
    found = find(db, member(db, "administrator"), typed).tenures
    assert found.rows[0].cid == "405583"
    assert found.rows[0].sign_ins == 1


def test_nothing_typed_and_nobody_found(db: Session, town: Any) -> None:
    admin = member(db, "administrator")
    assert find(db, admin, "   ").tenures.total == 0
    assert find(db, admin, "nobody-of-that-name").tenures.total == 0
    assert find(db, admin, "'; DROP TABLE customer; --").tenures.total == 0
    assert prefix_query("o'brien & | !x") == "'o':* & 'brien':* & 'x':*"


def test_viewers_do_not_find_confidential_customers_by_name(db: Session, town: Any) -> None:
    viewer, admin = member(db, "viewer"), member(db, "administrator")
    assert find(db, viewer, "sylvia").tenures.total == 0
    (row,) = find(db, viewer, "999").tenures.rows
    assert (row.name, row.service_address) == (
        "Not shown (confidential)",
        "Not shown (confidential)",
    )
    (row,) = find(db, admin, "sylvia").tenures.rows
    assert row.name == "SECRET, SYLVIA"
    user = User(email="sylvia@example.org", first_name="Sylvia", last_name="S", status="active")
    db.add(user)
    db.flush()
    place = db.exec(select(Account).where(Account.account_no == "777")).one()
    db.add(AccountLink(user_id=user.id, account_id=place.id, customer_id=town["hidden"].id))
    db.flush()
    assert customers.view_sign_in(db, admin, str(user.id), NOW).sign_in.name == "Sylvia S"
    seen = customers.view_sign_in(db, viewer, str(user.id), NOW).sign_in
    assert seen.name == "Not shown (confidential)"
    masked = customers.view_customer(db, viewer, str(town["hidden"].id), "", NOW, TODAY)
    assert masked.sign_ins == ()
    assert (masked.person.name, masked.phone, masked.stays[0].service_address) == (
        "Not shown (confidential)",
        "",
        "",
    )


def test_a_sign_in_without_links_is_found_by_mail(db: Session, town: Any) -> None:
    db.add(User(email="new@example.org", first_name="Nia"))
    db.flush()
    found = find(db, member(db, "viewer"), "new@example.org")
    assert [(one.email, one.status) for one in found.sign_ins] == [
        ("new@example.org", "unverified")
    ]


def test_one_page_a_customer_and_the_look_is_audited(db: Session, town: Any) -> None:
    page = customers.view_customer(db, member(db, "viewer"), str(town["payer"].id), "", NOW, TODAY)
    assert page.person.name == "DELGADO, MARIA"
    assert [(bill.owed, bill.billed) for bill in page.bills.rows] == [(13446, 13446)]
    assert (page.cents_owed, page.bills.total) == (13446, 1)
    assert [one.email for one in page.sign_ins] == ["maria@example.org"]
    assert [tie.account_no for tie in page.sign_ins[0].links] == ["00028624"]
    assert "staff.view_customer" in acts(db)
    with pytest.raises(NotFound):
        customers.view_customer(db, member(db, "viewer"), str(uuid4()), "", NOW, TODAY)


def test_the_bills_stand_newest_first_a_page_at_a_time(db: Session, town: Any) -> None:
    admin, payer = member(db, "administrator"), town["payer"]
    place = db.get_one(Account, town["tie"].account_id)
    for n in range(customers.BILLS):
        factories.bill(db, place, payer, 100, bill_no=f"9{n:03}", statement_date=date(2020, 1, 1))
    pages = [
        customers.view_customer(db, admin, str(payer.id), claim, NOW, TODAY).bills
        for claim in ("1", "2", "99", "x")
    ]
    assert [(page.page, page.last, page.total, len(page.rows)) for page in pages] == [
        (1, 2, 13, 12), (2, 2, 13, 1), (2, 2, 13, 1), (1, 2, 13, 12)
    ]  # fmt: skip
    assert pages[0].rows[0].number == town["bill"].bill_no
    assert pages[1].rows[0].number == "9011"


def test_what_was_done_to_a_sign_in_stands_on_the_customer_s_page(db: Session, town: Any) -> None:
    admin = member(db, "administrator")
    stranger = User(email="other@example.org", status="active")
    db.add(stranger)
    db.flush()
    operations.unlock(db, admin, str(town["user"].id))
    operations.unlock(db, admin, str(stranger.id))
    noted = customers.view_customer(db, admin, str(town["payer"].id), "", NOW, TODAY).audit
    assert sorted(row.act for row in noted) == ["staff.unlock", "staff.view_customer"]


def test_a_page_past_the_end_of_the_search_is_the_last_one(db: Session, town: Any) -> None:
    found = find(db, member(db, "administrator"), "alameda", "99").tenures
    assert (found.page, found.last, len(found.rows)) == (1, 1, 2)


def test_a_viewer_reads_a_confidential_bill_without_name_and_place(db: Session, town: Any) -> None:
    place = db.exec(select(Account).where(col(Account.account_no) == "777")).one()
    bill = str(factories.bill(db, place, town["hidden"], 100).id)
    seen = bill_details(db, member(db, "viewer"), bill, TODAY)
    assert "SYLVIA" not in seen.person.name
    assert "ALAMEDA" not in seen.service_address
    assert (seen.person.lines, seen.place) == ((), "")
    full = bill_details(db, member(db, "administrator"), bill, TODAY)
    assert (full.person.name, full.service_address) == ("SECRET, SYLVIA", "88 ALAMEDA CT")


@pytest.mark.parametrize("actor", [ANONYMOUS, Actor(UserId(uuid4()), "resident")])
def test_nobody_else_sees_anything(db: Session, town: Any, actor: Actor) -> None:
    for call in (
        lambda: find(db, actor, "maria"),
        lambda: customers.view_customer(db, actor, str(town["payer"].id), "", NOW, TODAY),
        lambda: customers.view_sign_in(db, actor, str(town["user"].id), NOW),
        lambda: lists.payments(db, actor),
        lambda: lists.imports(db, actor),
        lambda: lists.outbox(db, actor),
        lambda: work.work_list(db, actor, NOW),
        lambda: operations.unlock(db, actor, str(town["user"].id)),
        lambda: announcements.everything(db, actor),
    ):
        with pytest.raises(NotAllowed):
            call()


def test_staff_without_the_second_factor_are_nobody(db: Session, town: Any) -> None:
    actor = Actor(member(db, "administrator").user_id, "administrator", second_factor=False)
    with pytest.raises(NotAllowed):
        find(db, actor, "maria")


def test_viewers_do_not_act(db: Session, town: Any) -> None:
    viewer = member(db, "viewer")
    for call in (
        lambda: operations.unlock(db, viewer, str(town["user"].id)),
        lambda: operations.unlink(db, viewer, str(town["tie"].id), NOW),
        lambda: operations.resend_activation(db, viewer, str(town["user"].id), NOW),
        lambda: operations.retry_mail(db, viewer, str(uuid4()), NOW),
        lambda: work.finish_task(db, viewer, str(uuid4()), NOW),
        lambda: announcements.end(db, viewer, str(uuid4()), NOW),
    ):
        with pytest.raises(NotAllowed):
            call()


def test_unlink_ends_the_link_once(db: Session, town: Any) -> None:
    admin, claim = member(db, "administrator"), str(town["tie"].id)
    assert operations.unlink(db, admin, claim, NOW) == "maria@example.org"
    assert town["tie"].removed_at == NOW
    with pytest.raises(NotFound):
        operations.unlink(db, admin, claim, NOW)
    assert acts(db).count("staff.unlink") == 1
    (mail,) = db.exec(select(Mail).where(Mail.kind == "link_removed")).all()
    assert (mail.to_address, "City staff removed" in mail.text_body) == ("maria@example.org", True)


def test_unlink_ends_what_the_holder_shared(db: Session, town: Any) -> None:
    tie, guest = town["tie"], factories.user(db, email="guest@example.org")
    place = db.get_one(Account, tie.account_id)
    given = factories.link(db, guest, place, town["payer"], rights="view", granted_by=tie.user_id)
    operations.unlink(db, member(db, "administrator"), str(tie.id), NOW)
    db.refresh(given)
    assert given.removed_at == NOW


def test_unlock_takes_the_lock_off(db: Session, town: Any) -> None:
    rule = throttles.LockRule(1, timedelta(hours=1))
    bucket = user_bucket("maria@example.org")
    for _ in range(3):
        throttles.attempt(db, bucket, rule, NOW)
    admin, claim = member(db, "administrator"), str(town["user"].id)
    assert customers.view_sign_in(db, admin, claim, NOW).sign_in.locked_until is not None
    operations.unlock(db, admin, claim)
    assert customers.view_sign_in(db, admin, claim, NOW).sign_in.locked_until is None
    assert "staff.unlock" in acts(db)


def test_resend_activation_only_where_it_waits(db: Session, town: Any) -> None:
    admin = member(db, "administrator")
    with pytest.raises(DomainError, match="not waiting for activation"):
        operations.resend_activation(db, admin, str(town["user"].id), NOW)
    waiting = User(email="new@example.org", first_name="Nia")
    db.add(waiting)
    db.flush()
    assert operations.resend_activation(db, admin, str(waiting.id), NOW) == "new@example.org"
    (mail,) = db.exec(select(Mail).where(Mail.to_address == "new@example.org")).all()
    assert mail.status == "waiting"
    for _ in range(limits.MAILS_A_DAY - 1):
        operations.resend_activation(db, admin, str(waiting.id), NOW)
    with pytest.raises(DomainError, match="mails for today"):
        operations.resend_activation(db, admin, str(waiting.id), NOW)


def test_failed_mail_is_sent_again_once(db: Session) -> None:
    admin = member(db, "administrator")
    mail = Mail(
        kind="x", to_address="a@b.example", subject="s", text_body="t", html_body="h",
        status="failed", attempts=9,
    )  # fmt: skip
    db.add(mail)
    db.flush()
    task = StaffTask(kind="mail_failed", reference=f"mail:{mail.id}", detail="x: no such box")
    db.add(task)
    db.flush()
    operations.retry_mail(db, admin, str(mail.id), NOW)
    db.refresh(mail)
    assert (mail.status, mail.attempts) == ("waiting", 0)
    db.refresh(task)
    assert (task.done_at, task.done_by) == (NOW, admin.user_id)
    # Failing again is a task again: the reference is free.
    db.add(StaffTask(kind="mail_failed", reference=f"mail:{mail.id}", detail="x: no such box"))
    db.flush()
    with pytest.raises(NotFound):
        operations.retry_mail(db, admin, str(mail.id), NOW)


def test_the_work_list_and_a_task_done(db: Session) -> None:
    admin = member(db, "administrator")
    task = StaffTask(kind="excess", reference="x:1", detail="5.00 too much", created_at=NOW)
    run = ImportRun(
        kind="exchange", source_name="night", status="refused", reason="bills.csv: total differs",
        started_at=NOW - timedelta(hours=3), finished_at=NOW,
    )  # fmt: skip
    db.add(task)
    db.add(run)
    db.flush()
    waiting = work.work_list(db, admin, NOW)
    assert [row.detail for row in waiting.tasks] == ["5.00 too much"]
    assert [row.reason for row in waiting.refused] == ["bills.csv: total differs"]
    work.finish_task(db, admin, str(task.id), NOW)
    assert work.work_list(db, admin, NOW).tasks_total == 0
    with pytest.raises(NotFound):
        work.finish_task(db, admin, str(task.id), NOW)


def test_an_import_with_its_rows_at_fault(db: Session) -> None:
    run = ImportRun(
        kind="exchange", source_name="night", status="done", started_at=NOW, finished_at=NOW,
        counts={"bills.csv": {"rows": 30, "new": 3}}, fault_count=30,
    )  # fmt: skip
    db.add(run)
    db.flush()
    for n in range(30):
        db.add(
            ImportFault(import_run_id=run.id, file_name="bills.csv", line=n, message="no number")
        )
    db.flush()
    viewer = member(db, "viewer")
    assert lists.imports(db, viewer).rows[0].rows == 30
    page = lists.import_run(db, viewer, str(run.id), "2")
    assert (page.faults.page, page.faults.last, len(page.faults.rows)) == (2, 2, 5)
    assert page.counts[0].figures == (("rows", 30), ("new", 3))


def test_announcements_are_cleaned_and_shown_for_their_time(db: Session) -> None:
    admin = member(db, "administrator")
    body = '<p onclick="x()">Hi <script>alert(1)</script><a href="javascript:x">a</a><b>b</b></p>'
    draft = Draft("Title", body, "", "", "", "2027-01-27T09:00")
    claim = str(announcements.save(db, admin, "", draft, ZONE, NOW))
    (shown,) = announcements.current(db, NOW)
    assert (shown.title, shown.body) == ("Title", '<p>Hi <a rel="noopener">a</a>b</p>')
    nine = datetime(2027, 1, 27, 9, tzinfo=ZONE)
    assert announcements.current(db, nine - timedelta(seconds=1))
    assert announcements.current(db, nine) == ()
    announcements.end(db, admin, claim, NOW)
    assert announcements.current(db, NOW) == ()


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (Draft("", "b", "", "", "", ""), "title_en"),
        (Draft("t", " ", "", "", "", ""), "body_en"),
        (Draft("t", "b", "x", "", "", ""), "body_es"),
        (Draft("t" * 121, "b", "", "", "", ""), "title_en"),
        (Draft("t", "b", "", "", "tomorrow", ""), "starts"),
        (Draft("t", "b", "", "", "2027-01-02T10:00", "2027-01-02T10:00"), "ends"),
    ],
)
def test_a_bad_announcement_names_its_field(db: Session, draft: Draft, field: str) -> None:
    with pytest.raises(DomainError) as caught:
        announcements.save(db, member(db, "administrator"), "", draft, ZONE, NOW)
    assert caught.value.field == field


def test_an_announcement_is_told_all_that_is_wrong_with_it(db: Session) -> None:
    with pytest.raises(DomainError) as caught:
        bad = Draft("", "", "x" * 121, "", "tomorrow", "2027")
        announcements.save(db, member(db, "administrator"), "", bad, ZONE, NOW)
    said = [one.field for one in caught.value.each]
    assert said == ["title_en", "body_en", "title_es", "body_es", "starts", "ends"]


def test_pages_of_a_list() -> None:
    assert [page_of(claim) for claim in ("3", "0", "-1", "x", "", None, "٣", "1e3")] == [
        3, 1, 1, 1, 1, 1, 1, 1,
    ]  # fmt: skip
    assert [last_page(n) for n in (0, 1, 25, 26)] == [1, 1, 1, 2]
