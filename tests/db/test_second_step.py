"""After the right password: the second factor, counted, once, and only then a session."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from portal.domain.identity import (
    factors,
    limits,
    pending,
    recovery_codes,
    second_step,
    sessions,
    sign_in,
    totp,
)
from portal.domain.identity.passkey_sign_in import Caller
from portal.domain.identity.sign_in import Outcome, Result
from portal.domain.staff import operations
from portal.kit.errors import DomainError, NotAllowed
from portal.models.audit import AuditEvent
from portal.models.factors import PendingSignIn, RecoveryCode, TotpFactor
from portal.models.identity import User, UserSession
from portal.models.outbox import Mail
from tests import factories

NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HERE = Caller("192.0.2.1", "Browser")


def with_app(db: Session, at: datetime = NOW - timedelta(hours=1)) -> tuple[User, pyotp.TOTP]:
    """Return a resident whose authenticator app is in force, and the app."""
    user = factories.user(db)
    app = pyotp.TOTP(totp.begin(db, user))
    assert totp.confirm(db, user, app.at(at), at)
    return user, app


def step(db: Session, user: User, at: datetime = NOW, remember: bool = False) -> str:
    """Pass the first factor and return the step's secret."""
    result = sign_in.proceed(
        db, user, remember=remember, ip=HERE.ip, user_agent=HERE.user_agent, now=at
    )
    assert result.outcome is Outcome.SECOND_STEP
    return result.secret


def wrong(app: pyotp.TOTP) -> str:
    """Return six digits that the app shows at no time near NOW."""
    near = {app.at(NOW + n * timedelta(seconds=30)) for n in range(-40, 41)}
    return next(f"{n:06d}" for n in range(100_000) if f"{n:06d}" not in near)


def test_without_a_second_factor_the_first_one_signs_in(db: Session) -> None:
    user = factories.user(db)
    result = sign_in.proceed(db, user, remember=True, ip=HERE.ip, user_agent="", now=NOW)
    assert result.outcome is Outcome.SIGNED_IN
    row = db.exec(select(UserSession)).one()
    assert (row.remembered, row.second_factor) == (True, False)
    # A seed that waits for its first code protects nothing yet, and locks nobody out.
    totp.begin(db, user)
    assert not factors.of(db, user).any
    assert factors.shortest_password(db, user) == limits.PASSWORD_MIN == 15


def test_with_one_it_opens_nothing_until_the_code(db: Session) -> None:
    user, app = with_app(db)
    assert factors.shortest_password(db, user) == 8
    secret = step(db, user, remember=True)
    assert db.exec(select(UserSession)).all() == []
    assert sessions.resolve(db, sessions.hash_of(secret), NOW) is None
    assert secret not in repr(db.exec(select(PendingSignIn)).one())
    found = second_step.look(db, secret, NOW)
    assert found is not None
    assert (found.app, found.passkeys, found.codes) == (True, 0, 0)
    result = second_step.by_code(db, secret, app.at(NOW), HERE, NOW)
    assert (result.outcome, result.remembered) == (Outcome.SIGNED_IN, True)
    actor = sessions.resolve(db, sessions.hash_of(result.secret), NOW)
    assert actor is not None
    assert (actor.user_id, actor.second_factor, actor.remembered) == (user.id, True, True)
    # Neither the step nor the code is good again.
    assert second_step.by_code(db, secret, app.at(NOW), HERE, NOW).outcome is Outcome.OVER
    again = step(db, user)
    assert second_step.by_code(db, again, app.at(NOW), HERE, NOW).outcome is Outcome.WRONG


def test_five_wrong_codes_lead_back_to_the_password(db: Session) -> None:
    user, app = with_app(db)
    secret = step(db, user)
    tries = [second_step.by_code(db, secret, wrong(app), HERE, NOW).outcome for _ in range(6)]
    assert tries == [Outcome.WRONG] * 4 + [Outcome.OVER] * 2
    assert second_step.by_code(db, secret, app.at(NOW), HERE, NOW).outcome is Outcome.OVER
    assert second_step.look(db, secret, NOW) is None
    assert db.get_one(User, user.id).last_failed_sign_in_at == NOW


def test_a_step_ends_by_itself_after_ten_minutes(db: Session) -> None:
    user, app = with_app(db)
    secret = step(db, user)
    at = NOW + 10 * MINUTE
    assert second_step.look(db, secret, at - timedelta(seconds=1)) is not None
    assert second_step.look(db, secret, at) is None
    assert second_step.by_code(db, secret, app.at(at), HERE, at).outcome is Outcome.OVER
    assert second_step.by_code(db, "unknown", app.at(NOW), HERE, NOW).outcome is Outcome.OVER


def test_wrong_codes_over_several_passwords_lock_and_the_owner_hears_of_it(db: Session) -> None:
    user, app = with_app(db)
    tried: list[Result] = []
    while len(tried) < 10:
        secret = step(db, user)
        tried += [second_step.by_code(db, secret, wrong(app), HERE, NOW) for _ in range(5)]
    assert Outcome.LOCKED not in {result.outcome for result in tried}
    locked = second_step.by_code(db, step(db, user), app.at(NOW), HERE, NOW)
    assert locked == Result(Outcome.LOCKED, minutes=15)
    assert [mail.kind for mail in db.exec(select(Mail)).all()] == ["second_step_locked"]
    at = NOW + 15 * MINUTE
    result = second_step.by_code(db, step(db, user, at), app.at(at), HERE, at)
    assert result.outcome is Outcome.SIGNED_IN


def test_a_recovery_code_signs_in_once_and_the_owner_hears_of_it(db: Session) -> None:
    user, _ = with_app(db)
    codes = recovery_codes.make(db, user, NOW)
    assert len(set(codes)) == limits.RECOVERY_CODES == 10
    stored = "".join(db.exec(select(RecoveryCode.code_hash)).all())
    assert not any(code in stored or code.replace("-", "") in stored for code in codes)
    # As people copy it from paper.
    typed = f" {codes[3].upper().replace('-', ' ')} "
    result = second_step.by_recovery_code(db, step(db, user), typed, HERE, NOW)
    assert result.outcome is Outcome.SIGNED_IN
    (mail,) = db.exec(select(Mail)).all()
    assert "Codes left: 9." in mail.text_body
    assert codes[3] not in mail.text_body
    again = second_step.by_recovery_code(db, step(db, user), codes[3], HERE, NOW)
    assert again.outcome is Outcome.WRONG
    # Of one sign-in, and of the newest ten alone.
    other, _ = with_app(db)
    assert not recovery_codes.use(db, other, codes[4], NOW)
    recovery_codes.make(db, user, NOW)
    assert not recovery_codes.use(db, user, codes[4], NOW)
    acts = db.exec(select(AuditEvent.act)).all()
    assert {"session.first_factor", "recovery_code.use", "session.sign_in"} <= set(acts)


def test_few_codes_left_ask_for_new_ones(db: Session) -> None:
    user, _ = with_app(db)
    codes = recovery_codes.make(db, user, NOW)
    for code in codes[:7]:
        second_step.by_recovery_code(db, step(db, user), code, HERE, NOW)
    bodies = [mail.text_body for mail in db.exec(select(Mail)).all()]
    assert ["make new ones" in body for body in bodies].count(True) == 1


def at_once(engine: Engine, act: Callable[[Session], object], crowd: int = 2) -> list[object]:
    """Run `act` in so many transactions that begin together; return what each said."""
    start, said = threading.Barrier(crowd), []

    def run() -> None:
        with Session(engine) as db, db.begin():
            db.connection()
            start.wait(30)
            said.append(act(db))

    threads = [threading.Thread(target=run) for _ in range(crowd)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return said


@pytest.mark.parametrize("same_step", [True, False])
def test_a_code_used_twice_at_once_signs_in_once(database: Engine, same_step: bool) -> None:
    with Session(database, expire_on_commit=False) as db, db.begin():
        user, app = with_app(db)
        steps = [step(db, user)] * 2 if same_step else [step(db, user), step(db, user)]

    def use(db: Session) -> Outcome:
        return second_step.by_code(db, steps.pop(), app.at(NOW), HERE, NOW).outcome

    outcomes = at_once(database, use)
    assert outcomes.count(Outcome.SIGNED_IN) == 1
    with Session(database) as db:
        assert len(db.exec(select(UserSession)).all()) == 1


def test_a_recovery_code_used_twice_at_once_is_used_once(database: Engine) -> None:
    with Session(database, expire_on_commit=False) as db, db.begin():
        user, _ = with_app(db)
        code = recovery_codes.make(db, user, NOW)[0]
    said = at_once(database, lambda db: recovery_codes.use(db, user, code, NOW))
    assert sorted(map(bool, said)) == [False, True]


def test_of_twelve_tries_at_once_five_are_looked_at(database: Engine) -> None:
    with Session(database, expire_on_commit=False) as db, db.begin():
        user, _ = with_app(db)
        secret = step(db, user)
    said = at_once(database, lambda db: pending.count(db, secret, NOW), 12)
    assert sorted(left for left in said if left is not None) == [0, 1, 2, 3, 4]  # type: ignore[type-var]


def test_a_new_app_replaces_the_old_one_only_when_confirmed(db: Session) -> None:
    user, old = with_app(db)
    new = pyotp.TOTP(totp.begin(db, user))
    assert totp.use(db, user, old.at(NOW), NOW)
    assert not totp.use(db, user, new.at(NOW), NOW)
    assert not totp.confirm(db, user, old.at(NOW + MINUTE), NOW + MINUTE)
    assert totp.confirm(db, user, new.at(NOW + MINUTE), NOW + MINUTE)
    assert not totp.confirm(db, user, new.at(NOW + 2 * MINUTE), NOW + 2 * MINUTE)
    at = NOW + 3 * MINUTE
    assert not totp.use(db, user, old.at(at), at)
    assert totp.use(db, user, new.at(at), at)
    assert len(db.exec(select(TotpFactor)).all()) == 1


def test_an_administrator_takes_it_off_and_the_password_with_it(db: Session) -> None:
    user, _ = with_app(db)
    user.password_hash = "h:kettle"
    recovery_codes.make(db, user, NOW)
    begun = step(db, user)
    open_one = sessions.create(db, user, False, "", "", NOW)
    administrator = factories.actor(factories.user(db, role="administrator"), authenticated_at=NOW)
    viewer = factories.actor(factories.user(db, role="viewer"), authenticated_at=NOW)
    who = str(user.id)
    with pytest.raises(NotAllowed):
        operations.remove_factors(db, viewer, who, NOW)
    with pytest.raises(sessions.FreshSignInNeeded):
        operations.remove_factors(db, administrator, who, NOW + 15 * MINUTE)
    assert factors.of(db, user).any
    assert operations.remove_factors(db, administrator, who, NOW) == user.email
    assert factors.of(db, user) == factors.Factors(app=False, passkeys=0, codes=0)
    assert second_step.look(db, begun, NOW) is None
    assert sessions.resolve(db, sessions.hash_of(open_one), NOW) is None
    # Whoever called still needs the mailbox.
    assert db.get_one(User, user.id).password_hash == ""
    (mail,) = db.exec(select(Mail)).all()
    assert (mail.kind, mail.to_address) == ("factors_removed", user.email)
    assert "staff.remove_factors" in db.exec(select(AuditEvent.act)).all()
    with pytest.raises(DomainError, match="no second step"):
        operations.remove_factors(db, administrator, who, NOW)


def test_a_new_password_ends_the_steps_that_were_begun(db: Session) -> None:
    user, app = with_app(db)
    begun = step(db, user)
    pending.end_all(db, user, NOW)
    assert second_step.by_code(db, begun, app.at(NOW), HERE, NOW).outcome is Outcome.OVER
