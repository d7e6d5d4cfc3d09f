"""Sign-up, activation, sign-in, recovery: the same answer for everyone, each link once."""

import threading
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from portal.domain.identity import (
    limits,
    mail_tokens,
    passwords,
    recovery,
    sessions,
    sign_in,
    sign_up,
    states,
    throttles,
)
from portal.domain.identity.actor import Actor
from portal.domain.identity.sign_in import Outcome, Result
from portal.kit.errors import Problems
from portal.kit.ids import UserId
from portal.kit.text import speaking
from portal.models.audit import AuditEvent
from portal.models.identity import MailToken, User, UserSession
from portal.models.outbox import Mail
from tests import factories

NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
VISITOR = Actor(ip="192.0.2.1")
ANA = "ana.rivera@example.com"
PASSWORD = "garden-kettle-9"


@pytest.fixture(autouse=True)
def _fast_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "matches", lambda stored, typed: stored == f"h:{typed}")


def newcomer(email: str = ANA, password: str = PASSWORD) -> sign_up.Newcomer:
    return sign_up.Newcomer(email, f"h:{password}", "Ana", "Rivera")


def mails(db: Session) -> list[Mail]:
    """Return every mail, in no order: rows of one transaction are of one instant."""
    return list(db.exec(select(Mail)).all())


def mailed_secret(mail: Mail) -> str:
    address = next(line for line in mail.text_body.splitlines() if "token=" in line)
    return parse_qs(urlsplit(address).query)["token"][0]


def activated(db: Session, email: str = ANA) -> User:
    sign_up.sign_up(db, VISITOR, newcomer(email), NOW)
    secret = mailed_secret(db.exec(select(Mail).where(Mail.to_address == email)).one())
    return sign_up.activate(db, VISITOR, secret, NOW)


def attempt(
    db: Session, password: str = PASSWORD, email: str = ANA, ip: str = "192.0.2.1",
    at: datetime = NOW, **more: object,
) -> Result:  # fmt: skip
    admission = sign_in.admit(db, email, ip, at)
    correct = admission.admitted and passwords.matches(admission.password_hash, password)
    return sign_in.conclude(db, admission, correct, at, **more)  # type: ignore[arg-type]


# --- signing up and activating


def test_the_guides_mail_and_its_button(db: Session) -> None:
    sign_up.sign_up(db, VISITOR, newcomer(), NOW)
    user = db.exec(select(User)).one()
    assert (user.email, user.status, user.first_name) == (ANA, "unverified", "Ana")
    (mail,) = mails(db)
    assert (mail.to_address, mail.subject) == (ANA, "Welcome to your Community Access account")
    assert "Hi Ana," in mail.text_body
    assert "Activate account:\nhttp://localhost:3000/activate?token=" in mail.text_body
    secret = mailed_secret(mail)
    token = db.exec(select(MailToken)).one()
    assert len(secret) == 43
    assert secret not in repr(token)
    assert token.expires_at == NOW + timedelta(hours=24)
    assert sign_up.activate(db, VISITOR, secret, NOW + DAY - MINUTE).status == "active"
    assert db.exec(select(UserSession)).all() == []  # activating does not sign in
    acts = {event.act for event in db.exec(select(AuditEvent)).all()}
    assert acts == {"user.sign_up", "user.active"}


def test_the_mail_in_spanish(db: Session) -> None:
    with speaking("es"):
        sign_up.sign_up(db, VISITOR, newcomer(), NOW)
    (mail,) = mails(db)
    assert "http://localhost:3000/es/activate?token=" in mail.text_body
    assert db.exec(select(User.language)).one() == "es"


def test_an_activation_link_dies_used_old_replaced_and_mistyped(db: Session) -> None:
    sign_up.sign_up(db, VISITOR, newcomer(), NOW)
    first = mailed_secret(mails(db)[0])
    with pytest.raises(mail_tokens.BadLink, match="too old"):
        sign_up.activate(db, VISITOR, first, NOW + DAY)
    sign_up.resend(db, VISITOR, ANA, NOW + MINUTE)
    second = next(s for s in map(mailed_secret, mails(db)) if s != first)
    with pytest.raises(mail_tokens.BadLink, match="newer link"):
        sign_up.activate(db, VISITOR, first, NOW + MINUTE)
    with pytest.raises(mail_tokens.BadLink, match="not complete"):
        sign_up.activate(db, VISITOR, second[:-1], NOW + MINUTE)
    with pytest.raises(mail_tokens.BadLink, match="not complete"):
        recovery.reset(db, VISITOR, second, "h:x", NOW + MINUTE)  # another purpose
    sign_up.activate(db, VISITOR, second, NOW + MINUTE)
    with pytest.raises(mail_tokens.BadLink, match="already used"):
        sign_up.activate(db, VISITOR, second, NOW + MINUTE)


def test_an_address_that_is_known_gets_a_mail_and_nothing_changes(db: Session) -> None:
    user = activated(db)
    before = user.model_dump()
    sign_up.sign_up(db, VISITOR, newcomer(ANA.upper().replace("EXAMPLE", "example")), NOW)
    sign_up.resend(db, VISITOR, ANA, NOW)
    assert db.exec(select(User)).one().model_dump() == before
    kinds = [mail.kind for mail in mails(db)]
    assert sorted(kinds) == ["activate", "already_registered", "already_registered"]
    (said,) = {mail.text_body for mail in mails(db) if mail.kind == "already_registered"}
    assert "You already have an account" in said


def test_five_mails_a_day_for_one_address(db: Session) -> None:
    for _ in range(8):
        sign_up.sign_up(db, VISITOR, newcomer(), NOW)
        recovery.forgot(db, VISITOR, ANA.upper(), NOW)
    assert len(mails(db)) == limits.MAILS_A_DAY == 5
    recovery.forgot(db, VISITOR, ANA, NOW + DAY)
    assert len(mails(db)) == 6


def test_signing_up_again_before_activation_takes_the_newest_words(db: Session) -> None:
    sign_up.sign_up(db, VISITOR, newcomer(), NOW)
    sign_up.sign_up(db, VISITOR, newcomer(password="another kettle 77"), NOW)
    assert db.exec(select(User.password_hash)).all() == ["h:another kettle 77"]
    live = db.exec(select(MailToken).where(col(MailToken.superseded_at).is_(None))).all()
    assert len(live) == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (("ana", PASSWORD, "Ana", "Rivera"), "email"),
        ((ANA, "", "Ana", "Rivera"), "password"),
        ((ANA, "short", "Ana", "Rivera"), "password"),
        ((ANA, PASSWORD, " ", "Rivera"), "first_name"),
        ((ANA, PASSWORD, "Ana", "R" * 81), "last_name"),
        ((ANA, PASSWORD, "A\x00na", "Rivera"), "first_name"),
    ],
)
def test_each_field_says_what_it_wants(given: tuple[str, str, str, str], field: str) -> None:
    with pytest.raises(Problems) as refused:
        sign_up.read_form(*given)
    assert [fault.field for fault in refused.value.each] == [field]


def test_every_field_at_fault_is_named_at_once() -> None:
    with pytest.raises(Problems) as refused:
        sign_up.read_form("ana", "short", "", " ")
    fields = [fault.field for fault in refused.value.each]
    assert fields == ["email", "password", "first_name", "last_name"]


def test_only_the_table_moves_a_status(db: Session) -> None:
    user = factories.user(db)
    who = UserId(user.id)
    with pytest.raises(ValueError, match="does not go"):
        states.move(db, VISITOR, who, states.UserStatus.ACTIVE, states.UserStatus.UNVERIFIED, NOW)
    assert not states.move(
        db, VISITOR, who, states.UserStatus.UNVERIFIED, states.UserStatus.ACTIVE, NOW
    )
    assert states.move(db, VISITOR, who, states.UserStatus.ACTIVE, states.UserStatus.CLOSED, NOW)
    assert db.exec(select(User.status)).one() == "closed"
    assert set(states.TRANSITIONS) == set(states.UserStatus)


# --- signing in


def test_the_right_password_signs_in(db: Session) -> None:
    user = activated(db)
    result = attempt(db, remember=True, user_agent="Browser")
    assert result.outcome is Outcome.SIGNED_IN
    actor = sessions.resolve(db, sessions.hash_of(result.secret), NOW)
    assert actor is not None
    assert actor.user_id == user.id
    assert db.exec(select(UserSession.remembered)).one() is True
    assert db.exec(select(User.last_sign_in_at)).one() == NOW


def test_known_unknown_staff_and_closed_get_one_answer(db: Session) -> None:
    activated(db)
    factories.user(db, email="viewer@example.com", role="viewer", password_hash=f"h:{PASSWORD}")
    factories.user(db, email="gone@example.com", status="closed", password_hash=f"h:{PASSWORD}")
    answers = [
        attempt(db, "wrong", ANA, "192.0.2.1"),
        attempt(db, PASSWORD, "nobody@example.com", "192.0.2.2"),
        attempt(db, PASSWORD, "viewer@example.com", "192.0.2.3"),
        attempt(db, PASSWORD, "gone@example.com", "192.0.2.4"),
        attempt(db, PASSWORD, "not an address \x00", "192.0.2.5"),
    ]
    assert answers == [Result(Outcome.WRONG)] * 5


@pytest.mark.parametrize("email", [ANA, "nobody@example.com"])
def test_the_sixth_try_is_locked_for_known_and_unknown(db: Session, email: str) -> None:
    activated(db)
    tries = [attempt(db, "wrong", email, f"192.0.2.{i}") for i in range(7)]
    assert tries == [Result(Outcome.WRONG)] * 5 + [Result(Outcome.LOCKED, minutes=15)] * 2
    # Locked means locked: the right password does not help, from anywhere.
    assert attempt(db, email=email, ip="198.51.100.9").outcome is Outcome.LOCKED
    after = attempt(db, email=email, ip="198.51.100.9", at=NOW + 15 * MINUTE)
    assert after.outcome is (Outcome.SIGNED_IN if email == ANA else Outcome.WRONG)


def test_the_owner_hears_of_the_lock_once(db: Session) -> None:
    activated(db)
    for i in range(9):
        attempt(db, "wrong", ip=f"192.0.2.{i}")
    assert [m.kind for m in mails(db)].count("locked") == 1


def test_a_right_password_forgives_the_wrong_ones_before_it(db: Session) -> None:
    activated(db)
    for _ in range(3):
        assert [attempt(db, "wrong").outcome for _ in range(4)] == [Outcome.WRONG] * 4
        assert attempt(db).outcome is Outcome.SIGNED_IN


def test_a_network_that_misses_at_five_addresses_is_locked(db: Session) -> None:
    activated(db)
    for i in range(5):
        assert attempt(db, "wrong", f"p{i}@example.com").outcome is Outcome.WRONG
    assert attempt(db).outcome is Outcome.LOCKED
    assert attempt(db, ip="192.0.2.77").outcome is Outcome.SIGNED_IN


def test_ones_own_right_password_gives_back_no_more_than_it_took(db: Session) -> None:
    activated(db)
    here = {"ip": "192.0.2.1", "at": NOW}
    for n in range(3):
        attempt(db, "wrong", f"guessed{n}@example.com", **here)
    # Two at once: both are counted before either concludes, once for the network.
    both = [sign_in.admit(db, ANA, "192.0.2.1", NOW) for _ in range(2)]
    for admission in both:
        assert sign_in.conclude(db, admission, True, NOW).outcome is Outcome.SIGNED_IN
    counted = throttles.counted(db, sign_in.ip_bucket("192.0.2.1"), sign_in.PER_IP.window, NOW)
    assert counted == 3


def test_an_ipv6_subscriber_has_one_count(db: Session) -> None:
    activated(db)
    for i in range(5):
        attempt(db, "wrong", f"p{i}@example.com", f"2001:db8:1:2::{i}")
    assert attempt(db, ip="2001:db8:1:2:ffff::1").outcome is Outcome.LOCKED


def test_five_misses_at_ones_own_address_leave_the_household_alone(db: Session) -> None:
    activated(db)
    activated(db, "bob@example.com")
    for _ in range(6):
        attempt(db, "wrong")
    assert attempt(db, email="bob@example.com").outcome is Outcome.SIGNED_IN


def test_an_unproven_address_is_named_to_its_owner_only(db: Session) -> None:
    sign_up.sign_up(db, VISITOR, newcomer(), NOW)
    assert attempt(db, "wrong").outcome is Outcome.WRONG
    assert attempt(db).outcome is Outcome.UNVERIFIED
    assert [m.kind for m in mails(db)] == ["activate", "activate"]
    assert db.exec(select(UserSession)).all() == []


def test_of_27_guesses_at_once_five_are_looked_at(database: Engine) -> None:
    with Session(database) as db, db.begin():
        activated(db)
    start, looked_at = threading.Barrier(27), []

    def guess(i: int) -> None:
        with Session(database) as db, db.begin():
            db.connection()
            start.wait(30)
            looked_at.append(sign_in.admit(db, ANA, f"198.51.100.{i}", NOW).admitted)

    crowd = [threading.Thread(target=guess, args=(i,)) for i in range(27)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join(60)
    assert sorted(looked_at) == [False] * 22 + [True] * 5


# --- forgotten and locked


def test_a_reset_ends_everything_old(db: Session) -> None:
    activated(db)
    old = attempt(db).secret
    for _ in range(6):
        attempt(db, "wrong")
    recovery.forgot(db, VISITOR, ANA, NOW)
    recovery.ask_to_unlock(db, VISITOR, ANA, NOW)
    secret, unlock = (
        mailed_secret(next(m for m in mails(db) if m.kind == kind)) for kind in ("reset", "unlock")
    )
    with pytest.raises(mail_tokens.BadLink, match="too old"):
        recovery.reset(db, VISITOR, secret, "h:new", NOW + 30 * MINUTE)
    recovery.reset(db, VISITOR, secret, "h:new kettle in the garden", NOW + 29 * MINUTE)
    assert sessions.resolve(db, sessions.hash_of(old), NOW) is None
    assert attempt(db).outcome is Outcome.WRONG
    assert attempt(db, "new kettle in the garden").outcome is Outcome.SIGNED_IN
    for act in (lambda: recovery.reset(db, VISITOR, secret, "h:x", NOW),
                lambda: recovery.unlock(db, VISITOR, unlock, NOW)):  # fmt: skip
        with pytest.raises(mail_tokens.BadLink):
            act()
    assert "password_changed" in [m.kind for m in mails(db)]


def test_the_owner_unlocks_by_mail_at_once(db: Session) -> None:
    activated(db)
    for i in range(6):
        attempt(db, "wrong")
        attempt(db, "wrong", f"p{i}@example.com")
    assert attempt(db).outcome is Outcome.LOCKED
    recovery.ask_to_unlock(db, VISITOR, ANA, NOW)
    secret = mailed_secret(next(m for m in mails(db) if m.kind == "unlock"))
    recovery.unlock(db, VISITOR, secret, NOW + MINUTE)
    assert attempt(db).outcome is Outcome.SIGNED_IN
    with pytest.raises(mail_tokens.BadLink, match="already used"):
        recovery.unlock(db, VISITOR, secret, NOW + MINUTE)


@pytest.mark.parametrize("act", [recovery.forgot, recovery.ask_to_unlock, sign_up.resend])
def test_an_unknown_address_is_told_by_mail_alone(db: Session, act: object) -> None:
    factories.user(db, email="viewer@example.com", role="viewer")
    unknown = act(db, VISITOR, "nobody@example.com", NOW)  # type: ignore[operator]
    known = act(db, VISITOR, "viewer@example.com", NOW)  # type: ignore[operator]
    assert unknown == known, "the answer tells nothing of the address"
    kinds = {mail.to_address: mail.kind for mail in mails(db)}
    wanted = "already_registered" if act is sign_up.resend else "no_account"
    assert kinds["nobody@example.com"] == "no_account"
    assert kinds["viewer@example.com"] in (wanted, "no_account")
    assert db.exec(select(MailToken)).all() == []


def test_of_many_simultaneous_uses_of_a_link_one_succeeds(database: Engine) -> None:
    with Session(database) as db, db.begin():
        sign_up.sign_up(db, VISITOR, newcomer(), NOW)
        secret = mailed_secret(mails(db)[0])
    start, won = threading.Barrier(8), []

    def use() -> None:
        with Session(database) as db:
            db.connection()
            start.wait(30)
            try:
                with db.begin_nested():
                    mail_tokens.redeem(db, secret, "activate", NOW)
                db.commit()
                won.append(True)
            except mail_tokens.BadLink:
                won.append(False)

    crowd = [threading.Thread(target=use) for _ in range(8)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join(60)
    assert sorted(won) == [False] * 7 + [True]
