"""Closing an account, and the copy of its data: what goes, what stays, what is the resident's."""

import csv
import io
import json
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import Session, SQLModel, col, select

from portal.domain.identity import sessions, sign_up
from portal.domain.identity.actor import Actor
from portal.domain.settings import closing, email_change, export
from portal.kit.errors import DomainError, NotAllowed
from portal.kit.text import speaking
from portal.models.accounts import Account, Customer
from portal.models.audit import AuditEvent
from portal.models.identity import AccountLink, SavedSearch, User, UserSession
from portal.models.outbox import Mail
from portal.models.payments import Cart, CartItem, Payment
from portal.models.settings import EmailChange
from portal.models.sharing import Invitation
from portal.models.usage import AlertAddress, UsageNotification
from tests import factories
from tests.db.bills.test_balance import pay

NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
# Tables that refer to a user and stay as they are: the city's books, and who did what.
KEPT = {
    "audit_event", "mail", "cart", "payment", "staff_task", "delivery_change", "contact_request",
}  # fmt: skip
# Emptied by what closing calls.
EMPTIED = {
    "account_link", "invitation", "mail_token", "email_change", "totp_factor", "passkey",
    "recovery_code", "passkey_challenge", "pending_sign_in",
}  # fmt: skip
Home = tuple[User, Account, Customer]


@pytest.fixture
def home(db: Session) -> Home:
    """Return a resident with something of everything."""
    ana, place, payer = factories.household(db)
    ana.username, ana.password_hash = "ana7", "h:right"
    db.add(SavedSearch(user_id=ana.id, account_no=place.account_no, cid=payer.cid))
    db.add(
        UsageNotification(
            user_id=ana.id, account_id=place.id, customer_id=payer.id, threshold_gallons=100,
            emails=[ana.email], updated_at=NOW,
        )
    )  # fmt: skip
    db.add(AlertAddress(user_id=ana.id, email=ana.email, language="en"))
    db.flush()
    return ana, place, payer


def come(db: Session, user: User, at: datetime = NOW) -> Actor:
    secret = sessions.create(db, user, False, "192.0.2.1", "Firefox Linux", at)
    actor = sessions.resolve(db, sessions.hash_of(secret), at)
    assert actor is not None
    return actor


def test_what_is_the_residents_alone_goes(db: Session, home: Home) -> None:
    ana, place, payer = home
    was = ana.email
    actor, other = come(db, ana), come(db, ana)
    email_change.ask(db, actor, "new@example.org", NOW)
    guest = factories.user(db)
    shared = factories.link(db, guest, place, payer, rights="view", granted_by=ana.id)
    db.add(
        Invitation(
            token_hash="t", email="guest@example.org", account_id=place.id, customer_id=payer.id,
            invited_by=ana.id, rights="view", expires_at=NOW,
        )
    )  # fmt: skip
    cart = Cart(user_id=ana.id, billing={"name": "Ana"})
    db.add(cart)
    db.flush()
    bill = factories.bill(db, place, payer)
    db.add(CartItem(cart_id=cart.id, bill_id=bill.id, amount_cents=500))
    closing.close(db, actor, NOW)

    db.expire_all()
    assert (ana.status, ana.username, ana.password_hash) == ("closed", "", "")
    assert (ana.first_name, ana.last_name) == ("", "")
    assert was not in ana.email
    for table in (*closing.FORGOTTEN, EmailChange, Invitation, CartItem):
        assert db.exec(select(table)).all() == [], table
    for gone in (actor, other):
        assert sessions.resolve(db, gone.session_hash, NOW) is None
    assert None not in db.exec(select(AccountLink.removed_at)).all()
    assert shared.removed_at == NOW
    assert cart.billing == {}
    told = {(mail.kind, mail.to_address) for mail in db.exec(select(Mail)).all()}
    assert {("account_closed", was), ("link_removed", guest.email)} <= told
    acts = db.exec(select(AuditEvent.act)).all()
    assert acts.count("link.remove") == 2
    assert "user.closed" in acts


def test_signing_up_again_begins_anew(db: Session, home: Home) -> None:
    ana, was = home[0], home[0].email
    closing.close(db, come(db, ana), NOW)
    sign_up.sign_up(db, Actor(), sign_up.Newcomer(was, "h:x", "Ana", "Rivera"), NOW)
    again = sign_up.find(db, was)
    assert again is not None
    assert (again.id != ana.id, again.status) == (True, "unverified")


@pytest.mark.parametrize("status", ["confirming", "requires_action", "processing"])
def test_not_while_a_payment_is_in_doubt(db: Session, home: Home, status: str) -> None:
    ana, place, payer = home
    item = pay(db, ana, factories.bill(db, place, payer), 500)
    payment = db.get_one(Payment, item.payment_id)
    payment.status = status
    db.flush()
    with pytest.raises(closing.NotClosed, match=str(payment.number)):
        closing.close(db, come(db, ana), NOW)
    payment.status = "succeeded"
    db.flush()
    closing.close(db, come(db, ana), NOW)
    assert db.exec(select(Payment.user_id)).one() == ana.id


def test_the_word_is_typed_in_either_language() -> None:
    for typed in ("CLOSE", " close ", "cerrar"):
        closing.check(typed)
    with pytest.raises(closing.NotClosed, match="Type CLOSE"):
        closing.check("")
    with speaking("es"), pytest.raises(closing.NotClosed, match="Type CERRAR"):
        closing.check("yes")


def test_only_a_resident_closes_or_exports(db: Session) -> None:
    for nobody in (Actor(), factories.actor(factories.user(db, role="administrator"))):
        with pytest.raises(NotAllowed):
            closing.close(db, nobody, NOW)
        with pytest.raises(NotAllowed):
            export.export(db, nobody, NOW)


def test_every_table_about_a_user_is_kept_or_emptied() -> None:
    about = {
        table.name
        for table in SQLModel.metadata.tables.values()
        if any(key.column.table.name == "user_account" for key in table.foreign_keys)
    }
    forgotten = {table.__tablename__ for table in closing.FORGOTTEN}
    assert about - KEPT - EMPTIED - forgotten == set(), "say what closing an account does with it"


# --- the copy


def _text(archive: zipfile.ZipFile, name: str) -> io.StringIO:
    return io.StringIO(archive.read(name).decode())


def unpacked(packed: object) -> tuple[dict[str, Any], dict[str, list[dict[str, str]]]]:
    assert isinstance(packed, bytes)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        data = json.loads(archive.read("my-data.json"))
        tables = {
            name.removesuffix(".csv"): list(
                csv.DictReader(io.StringIO(archive.read(name).decode()))
            )
            for name in archive.namelist()
            if name.endswith(".csv")
        }
    return data, tables


def test_the_copy_holds_what_is_theirs(db: Session, home: Home) -> None:
    ana, place, payer = home
    ana.first_name = "=HYPERLINK(1)"
    bill = factories.bill(db, place, payer, -1234, bill_no="900001", status="CREDIT")
    pay(db, ana, bill, 500)
    stranger, elsewhere, other = factories.household(db)
    factories.bill(db, elsewhere, other, bill_no="900002")
    factories.link(db, ana, elsewhere, other, rights="view", granted_by=stranger.id)
    data, tables = unpacked(export.export(db, come(db, ana), NOW))
    assert set(data) == set(tables) == {
        "profile", "links", "bills", "payments", "notifications", "requests", "consents",
        "sessions", "activity", "numbers_requests",
    }  # fmt: skip
    assert data["profile"][0]["email"] == ana.email
    assert tables["profile"][0]["first_name"] == "'=HYPERLINK(1)"  # no spreadsheet runs it
    assert [row["bill"] for row in data["bills"]] == ["900001"]  # not the one that was shared
    assert tables["bills"][0]["billed"] == "-12.34"
    assert {row["rights"] for row in data["links"]} == {"hold", "view"}
    assert tables["payments"][0]["amount"] == "5.00"
    assert tables["sessions"][0]["browser"] == "Firefox on Linux"
    assert tables["notifications"][0]["emails"] == ana.email
    assert ana.password_hash not in json.dumps(data)
    assert db.exec(select(UserSession.id_hash)).one() not in json.dumps(data)
    assert [mail.kind for mail in db.exec(select(Mail)).all()] == ["data_exported"]
    assert "user.export" in db.exec(select(AuditEvent.act)).all()


def test_networks_of_others_are_not_in_the_copy(db: Session, home: Home) -> None:
    ana = home[0]
    staff = factories.user(db, role="administrator")
    for actor, ip in ((staff.id, "203.0.113.5"), (None, "198.51.100.9")):
        db.add(
            AuditEvent(
                actor_user_id=actor, actor_role="x", act="session.wrong_password",
                subject_user_id=ana.id, ip=ip,
            )
        )  # fmt: skip
    db.flush()
    data, _ = unpacked(export.export(db, come(db, ana), NOW))
    networks = {row["ip"] for row in data["activity"]}
    assert "198.51.100.x" in networks
    assert not networks & {"203.0.113.5", "198.51.100.9", "203.0.113.x"}


def test_how_often_and_how_freshly_a_copy_is_taken(db: Session, home: Home) -> None:
    actor = come(db, home[0])
    with pytest.raises(sessions.FreshSignInNeeded):
        export.export(db, actor, NOW.replace(hour=19))
    answers = [export.export(db, actor, NOW) for _ in range(6)]
    assert [isinstance(one, DomainError) for one in answers] == [False] * 5 + [True]
    assert len(db.exec(select(Mail).where(col(Mail.kind) == "data_exported")).all()) == 5
