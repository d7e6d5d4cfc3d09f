"""Account Settings in the domain: User ID, sessions, the password, known browsers."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from portal.domain.identity import devices, limits, passwords, sessions, sign_in, user_ids
from portal.domain.identity.actor import Actor
from portal.domain.identity.sign_in import Outcome, Result
from portal.domain.settings import operations, password, proof, queries
from portal.kit.errors import DomainError, NotAllowed, NotFound
from portal.models.audit import AuditEvent
from portal.models.identity import User, UserSession
from portal.models.outbox import Mail
from portal.models.settings import KnownBrowser
from tests import factories

NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ANA = "ana.rivera@example.com"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"


@pytest.fixture(autouse=True)
def _fast_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "matches", lambda stored, typed: stored == f"h:{typed}")


@pytest.fixture
def ana(db: Session) -> User:
    return factories.user(db, email=ANA, password_hash="h:right")


def come(db: Session, user: User, at: datetime = NOW, *, remember: bool = False) -> Actor:
    """Sign `user` in at an instant, and return the actor of that session."""
    secret = sessions.create(db, user, remember, "192.0.2.1", FIREFOX, at)
    actor = sessions.resolve(db, sessions.hash_of(secret), at)
    assert actor is not None
    return actor


def typed(db: Session, name: str, word: str = "right", at: datetime = NOW) -> Result:
    """Sign in by the form with a name, which may be an address or a User ID."""
    admission = sign_in.admit(db, name, "192.0.2.1", at)
    correct = admission.admitted and passwords.matches(admission.password_hash, word)
    return sign_in.conclude(db, admission, correct, at)


def kinds(db: Session) -> list[str]:
    return sorted(db.exec(select(Mail.kind)).all())


# --- the User ID


def test_a_user_id_signs_in_in_any_case_of_letters(db: Session, ana: User) -> None:
    assert user_ids.choose(db, come(db, ana), " Ana.R_7 ", NOW) is None
    assert ana.username == "Ana.R_7"
    assert typed(db, "ANA.r_7 ").outcome is Outcome.SIGNED_IN
    assert typed(db, ANA).outcome is Outcome.SIGNED_IN
    assert typed(db, "ana.r_8").outcome is Outcome.WRONG
    assert kinds(db) == ["user_id_changed"]
    assert user_ids.choose(db, come(db, ana), "", NOW) is None
    assert typed(db, "ana.r_7").outcome is Outcome.WRONG


def test_nobody_signs_in_with_an_empty_name(db: Session, ana: User) -> None:
    # Most sign-ins have no User ID: "" is none of theirs.
    factories.user(db, password_hash="h:right")
    assert typed(db, " ").outcome is Outcome.WRONG


def test_both_names_count_for_one_sign_in(db: Session, ana: User) -> None:
    user_ids.choose(db, come(db, ana), "ana7", NOW)
    for name in (ANA, "ana7", "ANA7", ANA.upper().replace("EXAMPLE", "example"), "ana7"):
        assert typed(db, name, "wrong").outcome is Outcome.WRONG
    assert typed(db, "ana7").outcome is Outcome.LOCKED
    assert typed(db, ANA).outcome is Outcome.LOCKED


@pytest.mark.parametrize(
    "name",
    ["a@b", "a b", "é", "x" * 21, "admin", "Admin-7", "staff.office", "webmaster", "Pleasanton",
     "City_of_Pleasanton", "a\nb", "a/b"],
)  # fmt: skip
def test_a_user_id_that_is_none(db: Session, ana: User, name: str) -> None:
    with pytest.raises(user_ids.BadUserId):
        user_ids.choose(db, come(db, ana), name, NOW)


@pytest.mark.parametrize("name", ["a", "7", "x" * 20, "A-b_c.9"])
def test_a_user_id_of_1_to_20_characters(db: Session, ana: User, name: str) -> None:
    assert user_ids.choose(db, come(db, ana), name, NOW) is None


def test_a_taken_user_id_is_told_and_each_question_counts(db: Session, ana: User) -> None:
    factories.user(db, username="Taken")
    actor = come(db, ana)
    for _ in range(limits.USER_IDS_A_DAY):
        refused = user_ids.choose(db, actor, "tAKEN", NOW)
        assert refused is not None
        assert "is taken" in str(refused)
    last = user_ids.choose(db, actor, "taken", NOW)
    assert last is not None
    assert "many User IDs today" in str(last)
    assert ana.username == ""


def test_who_chooses_a_user_id(db: Session, ana: User) -> None:
    for nobody in (Actor(), factories.actor(factories.user(db, role="viewer"))):
        with pytest.raises(NotAllowed):
            user_ids.choose(db, nobody, "x", NOW)
    old = come(db, ana, remember=True)
    with pytest.raises(sessions.FreshSignInNeeded):
        user_ids.choose(db, old, "x", NOW + DAY)


# --- what the page shows


def test_the_last_login_is_the_one_before_this(db: Session, ana: User) -> None:
    first = come(db, ana)
    assert queries.settings(db, first, NOW).last_success is None
    second = come(db, ana, NOW + MINUTE)
    assert queries.settings(db, second, NOW + MINUTE).last_success == NOW
    assert queries.settings(db, first, NOW + MINUTE).last_success is None


def test_a_failed_login_since_is_called_out(db: Session, ana: User) -> None:
    come(db, ana)
    typed(db, ANA, "wrong", NOW + MINUTE)
    later = come(db, ana, NOW + 2 * MINUTE)
    shown = queries.settings(db, later, NOW + 2 * MINUTE)
    assert (shown.last_failure, shown.failed_since) == (NOW + MINUTE, True)
    after = come(db, ana, NOW + 3 * MINUTE)
    assert queries.settings(db, after, NOW + 3 * MINUTE).failed_since is False


def test_browsers_are_listed_by_a_name_that_opens_nothing(db: Session, ana: User) -> None:
    old, here = come(db, ana), come(db, ana, NOW + MINUTE)
    sessions.revoke(db, come(db, ana).session_hash, NOW)
    come(db, factories.user(db))
    shown = queries.settings(db, here, NOW + MINUTE).browsers
    assert [one.is_this for one in shown] == [True, False]
    assert {one.name for one in shown} == {"Firefox on Linux"}
    assert {one.network for one in shown} == {"192.0.2.x"}
    assert not {one.handle for one in shown} & {old.session_hash, here.session_hash}
    idle = queries.settings(db, here, NOW + 31 * MINUTE)
    assert idle.browsers == ()


def test_one_browser_is_signed_out_and_no_stranger(db: Session, ana: User) -> None:
    here, other = come(db, ana), come(db, ana)
    stranger = come(db, factories.user(db))
    for claim in (
        "",
        "x",
        queries.handle(here.session_hash),
        queries.handle(stranger.session_hash),
    ):
        with pytest.raises(NotFound):
            operations.end_browser(db, here, claim, NOW)
    operations.end_browser(db, here, queries.handle(other.session_hash), NOW)
    assert sessions.resolve(db, other.session_hash, NOW) is None
    assert sessions.resolve(db, here.session_hash, NOW) is not None
    assert sessions.resolve(db, stranger.session_hash, NOW) is not None


def test_every_browser_is_signed_out_and_mailed(db: Session, ana: User) -> None:
    here, other = come(db, ana), come(db, ana)
    operations.sign_out_everywhere(db, here, NOW)
    assert [sessions.resolve(db, a.session_hash, NOW) for a in (here, other)] == [None, None]
    assert kinds(db) == ["signed_out_everywhere"]
    operations.sign_out_everywhere(db, Actor(), NOW)  # nobody: nothing


def test_the_language_of_mails(db: Session, ana: User) -> None:
    operations.choose_language(db, come(db, ana), "es")
    assert ana.language == "es"
    with pytest.raises(DomainError):
        operations.choose_language(db, come(db, ana), "fr")
    operations.sign_out_everywhere(db, come(db, ana), NOW)
    assert "es" in db.exec(select(Mail.text_body)).one()
    with pytest.raises(NotAllowed):
        operations.choose_language(db, Actor(), "es")


# --- the password


def prove(db: Session, actor: Actor, word: str, at: datetime = NOW) -> Result | None:
    admission = proof.admit(db, actor, at)
    assert admission is not None
    correct = admission.admitted and passwords.matches(admission.password_hash, word)
    return proof.conclude(db, actor, admission, correct, at)


def test_the_own_password_is_counted_like_a_sign_in(db: Session, ana: User) -> None:
    actor = come(db, ana)
    for _ in range(limits.WRONG_PASSWORDS):
        wrong = prove(db, actor, "wrong")
        assert wrong is not None
        assert wrong.outcome is Outcome.WRONG
    locked = prove(db, actor, "right")
    assert locked is not None
    assert (locked.outcome, locked.minutes) == (Outcome.LOCKED, 15)
    assert typed(db, ANA).outcome is Outcome.LOCKED
    assert kinds(db) == ["locked"]
    assert ana.last_failed_sign_in_at == NOW
    assert prove(db, actor, "right", NOW + 16 * MINUTE) is None
    assert typed(db, ANA, at=NOW + 16 * MINUTE).outcome is Outcome.SIGNED_IN


def test_a_new_password_keeps_this_browser_alone_under_a_new_secret(db: Session, ana: User) -> None:
    here, other = come(db, ana), come(db, ana)
    at = NOW + 20 * MINUTE
    secret = password.change(db, here, "h:new one", at)
    assert ana.password_hash == "h:new one"
    assert ana.password_changed_at == at
    assert sessions.resolve(db, here.session_hash, at) is None
    assert sessions.resolve(db, other.session_hash, at) is None
    renewed = sessions.resolve(db, sessions.hash_of(secret), at)
    assert renewed is not None
    assert renewed.authenticated_at == at
    assert kinds(db) == ["password_changed"]
    assert "every other browser" in db.exec(select(Mail.text_body)).one()
    acts = db.exec(select(AuditEvent.act)).all()
    assert "user.change_password" in acts
    assert "secret" not in repr(db.exec(select(UserSession)).all())


def test_a_new_password_obeys_the_rules_and_is_new(ana: User) -> None:
    with pytest.raises(passwords.WeakPassword, match="at least"):
        password.check_new(ana, "old", "short", limits.PASSWORD_MIN)
    same = "kettle under seven bridges"
    with pytest.raises(passwords.WeakPassword, match="already"):
        password.check_new(ana, same, same, limits.PASSWORD_MIN)
    with pytest.raises(passwords.WeakPassword, match="too easy"):
        password.check_new(ana, "old", "rivera-rivera-ana-rivera", limits.PASSWORD_MIN)
    assert password.check_new(ana, "old", same, limits.PASSWORD_MIN).startswith("$argon2id")


# --- browsers that are news


def test_a_browser_not_seen_before_is_mailed_after_the_first(db: Session, ana: User) -> None:
    def greet(device: str, at: datetime) -> str:
        return devices.greet(db, come(db, ana, at).session_hash, device, at)

    first = greet("", NOW)
    assert kinds(db) == []  # the first sign-in of all
    assert greet(first, NOW + MINUTE) == first
    assert kinds(db) == []
    second = greet("", NOW + 2 * MINUTE)
    assert second != first
    assert kinds(db) == ["new_browser"]
    assert "Firefox on Linux" in db.exec(select(Mail.text_body)).one()
    assert first not in repr(db.exec(select(KnownBrowser)).all())
    assert devices.greet(db, "unknown", first, NOW) == ""


def test_a_browser_is_known_for_each_user_by_itself(db: Session, ana: User) -> None:
    device = devices.greet(db, come(db, ana).session_hash, "", NOW)
    brother = factories.user(db)
    come(db, brother)
    devices.greet(db, come(db, brother, NOW + MINUTE).session_hash, device, NOW + MINUTE)
    mail = db.exec(select(Mail)).one()
    assert (mail.kind, mail.to_address) == ("new_browser", brother.email)


def test_a_user_id_is_one_persons_whoever_comes_first(database: Engine) -> None:
    with Session(database) as one, Session(database) as two:
        first, second = factories.user(one), factories.user(two)
        one.commit(), two.commit()
        assert user_ids.choose(one, factories.actor(first), "Same", NOW) is None
        one.commit()
        assert user_ids.choose(two, factories.actor(second), "sAME", NOW) is not None
        two.commit()
        taken = one.exec(select(User.username).where(col(User.username) != "")).all()
    assert taken == ["Same"]
