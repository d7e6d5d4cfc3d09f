"""A new e-mail address holds once both mailboxes have said yes; before that nothing changes."""

import threading
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from portal.domain.identity import limits, mail_tokens, sessions
from portal.domain.identity.actor import Actor
from portal.domain.settings import email_change
from portal.domain.settings.email_change import BadChange
from portal.kit.errors import NotAllowed
from portal.models.audit import AuditEvent
from portal.models.identity import MailToken, User
from portal.models.outbox import Mail
from portal.models.settings import EmailChange
from portal.models.usage import AlertAddress, UsageNotification
from tests import factories

NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
VISITOR = Actor(ip="198.51.100.7")
OLD, NEW = "ana.rivera@example.com", "ana@example.org"


@pytest.fixture
def ana(db: Session) -> User:
    return factories.user(db, email=OLD, password_hash="h:right")


def come(db: Session, user: User, at: datetime = NOW) -> Actor:
    secret = sessions.create(db, user, False, "192.0.2.1", "", at)
    actor = sessions.resolve(db, sessions.hash_of(secret), at)
    assert actor is not None
    return actor


def secret_to(db: Session, kind: str) -> str:
    """Return the secret in the mail of a kind whose change still waits."""
    change = db.exec(select(EmailChange).where(col(EmailChange.ended_at).is_(None))).one()
    found = []
    for text in db.exec(select(Mail.text_body).where(Mail.kind == kind)).all():
        address = next(line for line in text.splitlines() if "token=" in line)
        found.append(parse_qs(urlsplit(address).query)["token"][0])
    known = (change.old_hash, change.new_hash)
    return next(secret for secret in found if sessions.hash_of(secret) in known)


def asked(db: Session, user: User, email: str = NEW) -> tuple[Actor, str, str]:
    """Ask for a new address; return who asked, and the secrets of the old and the new mailbox."""
    actor = come(db, user)
    assert email_change.ask(db, actor, email, NOW) is None
    return actor, secret_to(db, "email_old"), secret_to(db, "email_new")


def sent(db: Session) -> list[tuple[str, str]]:
    return sorted((mail.kind, mail.to_address) for mail in db.exec(select(Mail)).all())


@pytest.mark.parametrize("first", [0, 1])
def test_the_second_yes_makes_the_change(db: Session, ana: User, first: int) -> None:
    other = come(db, ana)
    mail_tokens.issue(db, ana, "reset", NOW)
    actor, *both = asked(db, ana)
    assert sent(db) == [("email_new", NEW), ("email_old", OLD)]
    assert not any(secret in repr(db.exec(select(EmailChange)).all()) for secret in both)
    half = email_change.confirm(db, VISITOR, both[first], NOW)
    assert (half.confirmed, half.done, half.by_new) == (True, False, bool(first))
    assert ana.email == OLD
    assert sessions.resolve(db, other.session_hash, NOW) is not None
    again = email_change.confirm(db, VISITOR, both[first], NOW)
    assert (again.done, ana.email) == (False, OLD)  # twice the same mailbox is not both
    whole = email_change.confirm(db, VISITOR, both[1 - first], NOW + DAY - MINUTE)
    assert (whole.done, ana.email) == (True, NEW)
    assert sessions.resolve(db, other.session_hash, NOW) is None
    assert sessions.resolve(db, actor.session_hash, NOW) is not None  # the one that asked stays
    assert None not in db.exec(select(MailToken.superseded_at)).all()
    assert ("email_changed", NEW) in sent(db)
    assert ("email_changed", OLD) in sent(db)
    acts = db.exec(select(AuditEvent.act)).all()
    assert acts.count("user.confirm_email") == 2
    assert "user.change_email" in acts


def test_looking_confirms_nothing(db: Session, ana: User) -> None:
    _, old, new = asked(db, ana)
    for secret in (old, new, old, new):
        email_change.look(db, secret, NOW)
    assert db.exec(select(EmailChange.new_confirmed_at)).one() is None
    assert email_change.look(db, old, NOW).new_email == "a***@example.org"
    assert email_change.look(db, new, NOW).old_email == "a***@example.com"


def test_either_mailbox_calls_it_off(db: Session, ana: User) -> None:
    for side in (0, 1):
        _, *both = asked(db, ana)
        email_change.confirm(db, VISITOR, both[1 - side], NOW)
        email_change.call_off(db, VISITOR, both[side], NOW)
        for secret in both:
            with pytest.raises(BadChange, match="called off"):
                email_change.confirm(db, VISITOR, secret, NOW)
    assert ana.email == OLD


def test_a_link_dies_old_replaced_mistyped_and_cannot_call_off_what_is_made(
    db: Session, ana: User
) -> None:
    _, old, new = asked(db, ana)
    for wrong in ("", "x", old[:-1]):
        with pytest.raises(BadChange, match="not complete"):
            email_change.confirm(db, VISITOR, wrong, NOW)
    with pytest.raises(BadChange, match="too old"):
        email_change.confirm(db, VISITOR, old, NOW + DAY)
    _, old_2, new_2 = asked(db, ana, "other@example.org")
    with pytest.raises(BadChange, match="asked for again"):
        email_change.confirm(db, VISITOR, new, NOW)
    email_change.confirm(db, VISITOR, old_2, NOW)
    email_change.confirm(db, VISITOR, new_2, NOW)
    with pytest.raises(BadChange, match="made already"):
        email_change.call_off(db, VISITOR, old_2, NOW)


def test_an_address_with_a_sign_in_looks_the_same_and_is_told_by_mail(
    db: Session, ana: User
) -> None:
    factories.user(db, email=NEW.upper())
    assert email_change.ask(db, come(db, ana), NEW, NOW) is None
    assert sent(db) == [("email_old", OLD), ("email_taken", NEW.upper())]
    waiting = email_change.waiting(db, come(db, ana), NOW)
    assert waiting is not None
    assert (waiting.new_email, waiting.new_confirmed_at) == (NEW, None)
    email_change.confirm(db, VISITOR, secret_to(db, "email_old"), NOW)
    assert ana.email == OLD
    with pytest.raises(BadChange):  # an empty secret is nobody's
        email_change.confirm(db, VISITOR, "", NOW)


def test_an_address_taken_meanwhile_stays_theirs(db: Session, ana: User) -> None:
    _, old, new = asked(db, ana)
    factories.user(db, email=NEW)
    email_change.confirm(db, VISITOR, old, NOW)
    with pytest.raises(BadChange, match="by now"):
        email_change.confirm(db, VISITOR, new, NOW)
    assert ana.email == OLD


def test_who_never_proved_an_address_does_not_keep_its_owner_from_it(
    db: Session, ana: User
) -> None:
    squatter = factories.user(db, email=NEW, status="unverified")
    _, old, new = asked(db, ana)
    email_change.confirm(db, VISITOR, old, NOW)
    assert email_change.confirm(db, VISITOR, new, NOW).done
    db.refresh(squatter)
    assert (squatter.status, squatter.email) == ("closed", f"closed-{squatter.id}@closed.invalid")


def test_alerts_follow_the_resident(db: Session) -> None:
    ana, place, payer = factories.household(db)
    old = ana.email
    db.add(
        UsageNotification(
            user_id=ana.id, account_id=place.id, customer_id=payer.id, threshold_gallons=100,
            emails=[old.upper(), "plumber@example.net"], updated_at=NOW,
        )
    )  # fmt: skip
    db.add(AlertAddress(user_id=ana.id, email=old, language="en", stopped_at=NOW))
    _, *both = asked(db, ana)
    for secret in both:
        email_change.confirm(db, VISITOR, secret, NOW)
    assert db.exec(select(UsageNotification.emails)).one() == [NEW, "plumber@example.net"]
    row = db.exec(select(AlertAddress)).one()
    assert (row.email, row.stopped_at) == (NEW, NOW)


def test_how_often_and_how_freshly_it_is_asked(db: Session, ana: User) -> None:
    actor = come(db, ana)
    with pytest.raises(sessions.FreshSignInNeeded):
        email_change.ask(db, actor, NEW, NOW + limits.FRESH)
    for _ in range(limits.EMAIL_CHANGES_A_DAY):
        assert email_change.ask(db, actor, NEW, NOW) is None
    refused = email_change.ask(db, actor, NEW, NOW)
    assert "several times today" in str(refused)
    assert len(db.exec(select(EmailChange).where(col(EmailChange.ended_at).is_(None))).all()) == 1
    with pytest.raises(BadChange, match="already"):
        email_change.check(ana, OLD.upper())


def test_the_second_factor_stands_in_for_a_lost_mailbox(db: Session, ana: User) -> None:
    actor, _, new = asked(db, ana)
    with pytest.raises(NotAllowed):
        email_change.by_second_factor(db, actor, NOW)
    strong = factories.actor(ana, second_factor=True, authenticated_at=NOW)
    with pytest.raises(sessions.FreshSignInNeeded):
        email_change.by_second_factor(db, strong, NOW + limits.FRESH)
    email_change.by_second_factor(db, strong, NOW)
    assert ana.email == OLD  # the new address confirms itself all the same
    assert email_change.confirm(db, VISITOR, new, NOW).done
    assert ana.email == NEW
    with pytest.raises(BadChange, match="No change"):
        email_change.by_second_factor(db, strong, NOW)


def test_two_mailboxes_that_confirm_at_once_make_one_change(database: Engine) -> None:
    with Session(database) as db, db.begin():
        _, *both = asked(db, factories.user(db, email=OLD))
    ready, faults = threading.Barrier(2), []

    def press(secret: str) -> None:
        try:
            with Session(database) as db, db.begin():
                ready.wait(10)
                email_change.confirm(db, VISITOR, secret, NOW)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=press, args=(secret,)) for secret in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert faults == []
    with Session(database) as db:
        assert db.exec(select(User.email)).one() == NEW
        acts = db.exec(select(AuditEvent.act)).all()
    assert acts.count("user.change_email") == 1
