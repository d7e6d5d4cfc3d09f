"""I don't have my numbers: recorded, confirmed, seen by staff, throttled, and telling nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from portal.domain.identity import limits
from portal.domain.identity.actor import ANONYMOUS, Actor
from portal.domain.requests import numbers
from portal.domain.staff.work import work_list
from portal.kit.errors import DomainError, NotAllowed, NotFound, Problems
from portal.models.audit import AuditEvent
from portal.models.identity import NumbersRequest
from portal.models.outbox import Mail
from tests import factories

NOW = datetime(2027, 1, 26, 18, 0, tzinfo=UTC)
TYPED = {"name": "Ana  Rivera", "address": "12 Oak St\n", "way": "mail"}


@pytest.fixture
def resident(db: Session) -> Actor:
    return factories.actor(factories.user(db, email="ana@example.org"))


@pytest.fixture
def administrator(db: Session) -> Actor:
    return factories.actor(factories.user(db, role="administrator"))


def test_a_request_is_confirmed_listed_and_taken_off(
    db: Session, resident: Actor, administrator: Actor
) -> None:
    reference = numbers.ask(db, resident, TYPED, now=NOW)
    assert reference.startswith("NR-")
    (mail,) = db.exec(select(Mail)).all()
    assert (mail.to_address, mail.kind) == ("ana@example.org", "numbers_requested")
    assert reference in mail.text_body
    assert work_list(db, administrator, NOW).requests == 1
    (one,) = numbers.waiting(db, administrator)
    assert (one.name, one.address, one.way, one.requested_by) == (
        "Ana Rivera", "12 Oak St", "mail", "ana@example.org"
    )  # fmt: skip
    numbers.done(db, administrator, str(one.request_id), now=NOW)
    assert numbers.waiting(db, administrator) == []
    assert work_list(db, administrator, NOW).requests == 0
    with pytest.raises(NotFound):
        numbers.done(db, administrator, str(one.request_id), now=NOW)
    acts = db.exec(select(AuditEvent.act).order_by(AuditEvent.act)).all()
    assert acts == ["request.numbers", "request.numbers_done"]


def test_known_and_unknown_read_the_same(db: Session, resident: Actor) -> None:
    account = factories.account(db, service_address="12 Oak St")
    factories.tenure(db, account, factories.customer(db, name1="RIVERA, ANA"))
    numbers.ask(db, resident, TYPED, now=NOW)
    numbers.ask(db, resident, TYPED | {"address": "No Such St"}, now=NOW)
    known, unknown = db.exec(select(Mail).order_by(Mail.created_at)).all()  # type: ignore[arg-type]
    refs = [r.reference for r in db.exec(select(NumbersRequest)).all()]
    assert {known.text_body.replace(r, "") for r in refs} & {
        unknown.text_body.replace(r, "") for r in refs
    }
    assert account.account_no not in known.text_body


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ({}, ["name", "address", "way"]),
        (TYPED | {"way": "fax"}, ["way"]),
        (TYPED | {"name": "x" * 121}, ["name"]),
        (TYPED | {"address": " \n "}, ["address"]),
    ],
)
def test_what_is_missing_is_said_at_its_field(
    db: Session, resident: Actor, typed: dict[str, str], fields: list[str]
) -> None:
    with pytest.raises(Problems) as wrong:
        numbers.ask(db, resident, typed, now=NOW)
    assert [fault.field for fault in wrong.value.each] == fields


def test_three_a_day_a_person_and_ten_a_network(db: Session, resident: Actor) -> None:
    for _ in range(limits.NUMBERS_A_DAY):
        numbers.ask(db, resident, TYPED, now=NOW)
    with pytest.raises(DomainError):
        numbers.ask(db, replace(resident, ip="203.0.113.9"), TYPED, now=NOW)
    numbers.ask(db, resident, TYPED, now=NOW + timedelta(days=1))
    for _ in range(limits.NUMBERS_A_DAY_IP):
        other = factories.actor(factories.user(db), ip="198.51.100.7")
        numbers.ask(db, other, TYPED, now=NOW)
    with pytest.raises(DomainError):
        numbers.ask(db, factories.actor(factories.user(db), ip="198.51.100.7"), TYPED, now=NOW)
    assert (limits.NUMBERS_A_DAY, limits.NUMBERS_A_DAY_IP) == (3, 10)


def test_who_may_not(db: Session, resident: Actor) -> None:
    viewer = factories.actor(factories.user(db, role="viewer"))
    for who in (ANONYMOUS, viewer):
        with pytest.raises(NotAllowed):
            numbers.ask(db, who, TYPED, now=NOW)
    for who in (ANONYMOUS, resident):
        with pytest.raises(NotAllowed):
            numbers.waiting(db, who)
    for who in (ANONYMOUS, resident, viewer):
        with pytest.raises(NotAllowed):
            numbers.done(db, who, "x", now=NOW)
    assert numbers.waiting(db, viewer) == []
