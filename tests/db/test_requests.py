"""Bill Delivery Preference and Request Change of Address."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import Session, select

from portal.domain.identity.sessions import FreshSignInNeeded
from portal.domain.requests import address, delivery
from portal.domain.requests.states import TRANSITIONS, RequestStatus, move
from portal.kit.errors import DomainError, NotAllowed, NotFound, Problems
from portal.models.accounts import Tenure
from portal.models.audit import AuditEvent
from portal.models.exchange import ContactRequest, DeliveryChange
from portal.models.outbox import Mail
from tests import factories

NOW = datetime(2027, 1, 26, 18, 0, tzinfo=UTC)
NEW = {"addr1": "PO Box 7", "addr2": "", "city": "Dublin", "state": "ca", "zip": "945681234"}


def mails(db: Session) -> list[str]:
    """Return every mail's subject, sorted: rows of one transaction are of one instant."""
    return sorted(mail.subject for mail in db.exec(select(Mail)))


def test_a_delivery_change_is_recorded_with_consent_and_confirmed(db: Session) -> None:
    user, place, payer = factories.household(db)
    actor, account = factories.actor(user), str(place.id)

    before = delivery.delivery(db, actor, account, NOW)
    assert (before.current, before.may_change, before.changes) == ("MAIL", True, ())
    delivery.change_delivery(db, actor, account, "BOTH", consent=True, now=NOW)

    row = db.exec(select(DeliveryChange)).one()
    assert (row.old, row.new, row.email, row.consent_version, row.consented_at) == (
        "MAIL",
        "BOTH",
        user.email,
        "2026-01",
        NOW,
    )
    assert (row.user_id, row.customer_id) == (user.id, payer.id)
    assert mails(db) == ["How you receive your bills was changed"]
    assert "delivery.change" in [event.act for event in db.exec(select(AuditEvent))]
    after = delivery.delivery(db, actor, account, NOW)
    # The books have not changed yet: the page says what still holds and what was asked for.
    assert (after.current, after.wanted, after.changes[0].status) == ("MAIL", "BOTH", "received")

    row.exported_at = NOW
    db.flush()
    assert delivery.delivery(db, actor, account, NOW).changes[0].status == "sent"
    db.exec(select(Tenure)).one().delivery = "BOTH"
    db.flush()
    assert delivery.delivery(db, actor, account, NOW).changes[0].status == "in_effect"


@pytest.mark.parametrize(
    ("way", "consent", "field"),
    [("EMAIL", False, "consent"), ("MAIL", True, "way"), ("FAX", True, "way"), ("", True, "way")],
)
def test_a_wish_that_is_none_is_refused(db: Session, way: str, consent: bool, field: str) -> None:
    user, place, _ = factories.household(db)
    with pytest.raises(DomainError) as refused:
        delivery.change_delivery(
            db, factories.actor(user), str(place.id), way, consent=consent, now=NOW
        )
    assert refused.value.field == field
    assert db.exec(select(DeliveryChange)).all() == []


def test_five_changes_a_day_are_enough(db: Session) -> None:
    user, place, _ = factories.household(db)
    actor, account = factories.actor(user), str(place.id)
    ways = ("EMAIL", "BOTH", "MAIL", "EMAIL", "MAIL")
    for minute, way in enumerate(ways):
        delivery.change_delivery(
            db, actor, account, way, consent=True, now=NOW + timedelta(minutes=minute)
        )
    later = NOW + timedelta(minutes=10)
    with pytest.raises(DomainError, match="several times today"):
        delivery.change_delivery(db, actor, account, "EMAIL", consent=True, now=later)
    tomorrow = NOW + timedelta(days=1)
    delivery.change_delivery(db, actor, account, "EMAIL", consent=True, now=tomorrow)


def test_one_who_moved_out_changes_no_delivery_and_may_change_the_address(db: Session) -> None:
    user, place, _ = factories.household(db)
    db.exec(select(Tenure)).one().stop_date = date(2027, 1, 1)
    db.flush()
    with pytest.raises(DomainError, match="You left this address"):
        delivery.change_delivery(
            db, factories.actor(user), str(place.id), "EMAIL", consent=True, now=NOW
        )
    address.request_address(db, factories.actor(user), str(place.id), NEW, now=NOW)


def test_a_remembered_session_signs_in_again_before_it_changes_either(db: Session) -> None:
    user, place, _ = factories.household(db)
    old = factories.actor(user, remembered=True, authenticated_at=NOW - timedelta(minutes=15))
    with pytest.raises(FreshSignInNeeded):
        delivery.change_delivery(db, old, str(place.id), "EMAIL", consent=True, now=NOW)
    with pytest.raises(FreshSignInNeeded):
        address.request_address(db, old, str(place.id), NEW, now=NOW)
    assert db.exec(select(DeliveryChange)).all() == []
    assert db.exec(select(ContactRequest)).all() == []


def test_a_foreign_account_is_not_found(db: Session) -> None:
    _, place, _ = factories.household(db)
    stranger = factories.actor(factories.user(db))
    for call in (
        lambda: delivery.delivery(db, stranger, str(place.id), NOW),
        lambda: delivery.change_delivery(
            db, stranger, str(place.id), "EMAIL", consent=True, now=NOW
        ),
        lambda: address.address(db, stranger, str(place.id)),
        lambda: address.request_address(db, stranger, str(place.id), NEW, now=NOW),
    ):
        with pytest.raises(NotFound):
            call()


def test_an_address_is_requested_approved_and_told(db: Session) -> None:
    user, place, payer = factories.household(db)
    made = address.request_address(db, factories.actor(user), str(place.id), NEW, now=NOW)
    assert made.status == "received"
    assert made.changed == (
        ("addr1", payer.addr1, "PO Box 7"),
        ("city", "Pleasanton", "Dublin"),
        ("zip", "94566", "94568-1234"),
    )

    staff = factories.actor(factories.user(db, role="administrator"))
    db.expire_all()
    (waiting,) = address.waiting_requests(db, staff)
    assert waiting.request.changed == made.changed  # in an envelope's order
    assert (waiting.request.reference, waiting.cid, waiting.requested_by) == (
        made.reference,
        payer.cid,
        user.email,
    )
    address.approve(db, staff, str(made.request_id), now=NOW)
    assert address.waiting_requests(db, staff) == []
    page = address.address(db, factories.actor(user), str(place.id))
    assert (page.requests[0].status, page.waiting) == ("approved", None)
    assert page.now.addr1 == payer.addr1  # the books change by the nightly file alone
    assert mails(db) == [
        "We received your change of address",
        "Your change of address was approved",
    ]
    with pytest.raises(DomainError, match="decided already"):
        address.decline(db, staff, str(made.request_id), "No", now=NOW)


def test_a_declined_request_says_why_and_another_may_follow(db: Session) -> None:
    user, place, _ = factories.household(db)
    actor = factories.actor(user)
    made = address.request_address(db, actor, str(place.id), NEW, now=NOW)
    with pytest.raises(DomainError, match=made.reference):
        address.request_address(db, actor, str(place.id), NEW | {"city": "Hayward"}, now=NOW)
    staff = factories.actor(factories.user(db, role="administrator"))
    with pytest.raises(DomainError) as empty:
        address.decline(db, staff, str(made.request_id), " ", now=NOW)
    assert empty.value.field == f"reason-{made.request_id}"
    address.decline(db, staff, str(made.request_id), "The box\nis closed.", now=NOW)
    (told,) = address.address(db, actor, str(place.id)).requests
    assert (told.status, told.reason) == ("declined", "The box is closed.")
    address.request_address(db, actor, str(place.id), NEW, now=NOW)


def test_only_administrators_decide(db: Session) -> None:
    user, place, _ = factories.household(db)
    made = address.request_address(db, factories.actor(user), str(place.id), NEW, now=NOW)
    viewer = factories.actor(factories.user(db, role="viewer"))
    assert len(address.waiting_requests(db, viewer)) == 1
    for actor in (factories.actor(user), viewer):
        with pytest.raises(NotAllowed):
            address.approve(db, actor, str(made.request_id), now=NOW)
    with pytest.raises(NotAllowed):
        address.waiting_requests(db, factories.actor(user))
    assert db.exec(select(ContactRequest)).one().status == "received"


def test_every_wrong_field_is_named(db: Session) -> None:
    user, place, _ = factories.household(db)
    wrong = {"addr1": " \n ", "city": "x" * 41, "state": "XX", "zip": "９４５６６"}
    wrong |= {"note": "n" * 501}
    with pytest.raises(Problems) as refused:
        address.request_address(db, factories.actor(user), str(place.id), wrong, now=NOW)
    assert [fault.field for fault in refused.value.each] == [
        "addr1",
        "city",
        "state",
        "zip",
        "note",
    ]


def test_the_same_address_is_no_change(db: Session) -> None:
    user, place, payer = factories.household(db)
    same = {"addr1": f" {payer.addr1} ", "city": payer.city, "state": "CA", "zip": payer.zip}
    with pytest.raises(DomainError, match="already"):
        address.request_address(db, factories.actor(user), str(place.id), same, now=NOW)


def test_a_decided_request_goes_nowhere(db: Session) -> None:
    assert TRANSITIONS[RequestStatus.APPROVED] == TRANSITIONS[RequestStatus.DECLINED] == frozenset()
    with pytest.raises(ValueError, match="does not go"):
        move(
            db,
            factories.actor(factories.user(db)),
            factories.user(db).id,
            RequestStatus.APPROVED,
            RequestStatus.RECEIVED,
            NOW,
        )
