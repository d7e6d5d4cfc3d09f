"""Passkeys: a signature for our challenge, from our address, by a verified owner, once."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from portal.domain.identity import (
    factors,
    limits,
    passkey_sign_in,
    passkeys,
    second_step,
    sessions,
    sign_in,
)
from portal.domain.identity.passkey_sign_in import Caller
from portal.domain.identity.sign_in import Outcome, Result
from portal.models.audit import AuditEvent
from portal.models.factors import Passkey
from portal.models.identity import User, UserSession
from portal.models.outbox import Mail
from tests import factories
from tests.authenticator import Key
from tests.db.test_second_step import at_once

NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
HERE = Caller("192.0.2.1", "Browser")


def register(db: Session, user: User, key: Key, at: datetime = NOW) -> Passkey:
    """Add the key to the sign-in, as the page does."""
    answer = key.create(passkeys.options_to_register(db, user, at))
    challenge = passkeys.challenge_to_register(db, user, answer, at)
    return passkeys.add(db, user, "Phone", answer, challenge, at)


def use(db: Session, key: Key, at: datetime = NOW, **more: Any) -> Result:
    """Sign in with the key alone, as the page does."""
    return present(db, key.get(passkeys.options_to_sign(db, None, at)), at, **more)


def present(db: Session, answer: str, at: datetime = NOW, **more: Any) -> Result:
    """Send what a browser says that a key signed."""
    challenge = passkeys.challenge_to_sign(db, None, answer, at)
    return passkey_sign_in.by_passkey(db, answer, challenge, HERE, at, **more)


def test_a_passkey_signs_in_without_a_password_and_counts_as_both_factors(db: Session) -> None:
    user, key = factories.user(db), Key()
    row = register(db, user, key)
    assert (row.name, row.transports, row.backed_up) == ("Phone", "internal,hybrid", False)
    assert factors.of(db, user).passkeys == 1
    assert factors.shortest_password(db, user) == limits.PASSWORD_MIN_WITH_SECOND_FACTOR == 8
    result = use(db, key)
    assert result.outcome is Outcome.SIGNED_IN
    actor = sessions.resolve(db, sessions.hash_of(result.secret), NOW)
    assert actor is not None
    assert (actor.user_id, actor.second_factor, actor.remembered) == (user.id, True, False)
    db.expire_all()
    assert db.exec(select(Passkey)).one().last_used_at == NOW


def test_a_synced_passkey_that_does_not_count_is_used_again_and_again(db: Session) -> None:
    user, key = factories.user(db), Key(counts=False)
    assert register(db, user, key).backed_up
    assert [use(db, key).outcome for _ in range(3)] == [Outcome.SIGNED_IN] * 3


def test_an_answer_is_good_once_and_for_five_minutes(db: Session) -> None:
    key = Key()
    register(db, factories.user(db), key)
    answer = key.get(passkeys.options_to_sign(db, None, NOW))
    late = key.get(passkeys.options_to_sign(db, None, NOW))
    assert present(db, answer).outcome is Outcome.SIGNED_IN
    assert present(db, answer).outcome is Outcome.WRONG
    assert present(db, late, NOW + timedelta(minutes=5)).outcome is Outcome.WRONG
    never_asked = key.get(json.dumps({"challenge": "AAAAAAAAAAAAAAAAAAAAAA"}))
    assert present(db, never_asked).outcome is Outcome.WRONG


def _elsewhere(key: Key) -> None:
    key.origin = "http://localhost:3001"


def _phishing(key: Key) -> None:
    key.origin, key.host = "https://localhost.example", "localhost.example"


def _other_host(key: Key) -> None:
    key.host = "127.0.0.1"


def _unverified(key: Key) -> None:
    key.verified = False


def _other_owner(key: Key) -> None:
    key.user_handle = b"somebody else...."


def _other_key(key: Key) -> None:
    key.private = Key().private


def _unknown(key: Key) -> None:
    key.id = b"another credential"


@pytest.mark.parametrize(
    "lie", [_elsewhere, _phishing, _other_host, _unverified, _other_owner, _other_key, _unknown]
)
def test_what_does_not_hold_signs_nobody_in(db: Session, lie: Callable[[Key], None]) -> None:
    key = Key()
    register(db, factories.user(db), key)
    lie(key)
    assert use(db, key) == Result(Outcome.WRONG)
    assert db.exec(select(UserSession)).all() == []
    assert "session.wrong_passkey" in db.exec(select(AuditEvent.act)).all()


@pytest.mark.parametrize("lie", [_elsewhere, _phishing, _other_host, _unverified])
def test_what_does_not_hold_is_not_kept(db: Session, lie: Callable[[Key], None]) -> None:
    key = Key()
    lie(key)
    with pytest.raises(passkeys.BadPasskey):
        register(db, factories.user(db), key)
    assert db.exec(select(Passkey)).all() == []


def test_a_counter_that_went_back_is_refused_and_its_owner_told(db: Session) -> None:
    key = Key()
    register(db, factories.user(db), key)
    use(db, key)
    use(db, key)
    key.count = 1  # the copy has been used less often
    assert use(db, key).outcome is Outcome.WRONG
    (mail,) = db.exec(select(Mail)).all()
    assert (mail.kind, '"Phone"' in mail.text_body) == ("passkey_copied", True)
    assert "passkey.copied" in db.exec(select(AuditEvent.act)).all()


def test_one_counter_used_twice_at_once_signs_in_once(database: Engine) -> None:
    key = Key()
    with Session(database, expire_on_commit=False) as db, db.begin():
        register(db, factories.user(db), key)
        asked = [passkeys.options_to_sign(db, None, NOW) for _ in range(2)]
    answers = []
    for options in asked:
        key.count = 5
        answers.append(key.get(options))
    outcomes = at_once(database, lambda db: present(db, answers.pop()).outcome)
    assert sorted(map(str, outcomes)) == ["signed_in", "wrong"]


def test_one_answer_sent_twice_at_once_signs_in_once(database: Engine) -> None:
    key = Key(counts=False)
    with Session(database, expire_on_commit=False) as db, db.begin():
        register(db, factories.user(db), key)
        answer = key.get(passkeys.options_to_sign(db, None, NOW))
    outcomes = at_once(database, lambda db: present(db, answer).outcome)
    assert sorted(map(str, outcomes)) == ["signed_in", "wrong"]


def test_each_has_a_door_of_their_own(db: Session) -> None:
    resident, clerk = Key(), Key()
    register(db, factories.user(db), resident)
    register(db, factories.user(db, role="administrator"), clerk)
    assert use(db, resident, staff=True).outcome is Outcome.WRONG
    assert use(db, clerk).outcome is Outcome.WRONG
    result = use(db, clerk, staff=True)
    actor = sessions.resolve(db, sessions.hash_of(result.secret), NOW)
    assert actor is not None
    assert (actor.is_staff, actor.remembered) == (True, False)


def test_a_closed_sign_in_stays_closed(db: Session) -> None:
    user, key = factories.user(db), Key()
    register(db, user, key)
    user.status = "closed"
    db.flush()
    assert use(db, key).outcome is Outcome.WRONG


def test_as_second_step_it_is_the_same_owners_alone(db: Session) -> None:
    ana, bob = factories.user(db), factories.user(db)
    hers, his = Key(), Key()
    register(db, ana, hers)
    register(db, bob, his)

    def step(key: Key, asked_of: User = ana) -> Outcome:
        begun = sign_in.proceed(db, ana, remember=False, ip="", user_agent="", now=NOW)
        answer = key.get(passkeys.options_to_sign(db, asked_of, NOW))
        challenge = passkeys.challenge_to_sign(db, ana, answer, NOW)
        taken = second_step.by_passkey(db, begun.secret, answer, challenge, HERE, NOW)
        assert begun.outcome is Outcome.SECOND_STEP
        return taken.outcome

    assert step(his) is Outcome.WRONG
    assert step(hers, asked_of=bob) is Outcome.WRONG
    assert step(hers) is Outcome.SIGNED_IN
    # What was signed for the second step does not sign in by itself, nor the other way.
    assert present(db, hers.get(passkeys.options_to_sign(db, ana, NOW))).outcome is Outcome.WRONG


def test_one_passkey_belongs_to_one_sign_in_and_ten_are_enough(db: Session) -> None:
    ana, key = factories.user(db), Key()
    register(db, ana, key)
    with pytest.raises(passkeys.BadPasskey, match="already set up"):
        register(db, factories.user(db), key)
    options = json.loads(passkeys.options_to_register(db, ana, NOW))
    assert len(options["excludeCredentials"]) == 1
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert (options["rp"]["id"], options["attestation"]) == ("localhost", "none")
    for _ in range(9):
        register(db, ana, Key())
    with pytest.raises(passkeys.BadPasskey, match="You have 10 passkeys"):
        register(db, ana, Key())


def test_a_challenge_to_register_is_one_sign_ins_alone(db: Session) -> None:
    ana, bob, key = factories.user(db), factories.user(db), Key()
    answer = key.create(passkeys.options_to_register(db, ana, NOW))
    assert passkeys.challenge_to_register(db, bob, answer, NOW) == b""
    assert passkeys.challenge_to_register(db, ana, answer, NOW) != b""
    assert passkeys.challenge_to_register(db, ana, answer, NOW) == b""


def _claim(client: str, attestation: str) -> str:
    response = {
        "clientDataJSON": client,
        "authenticatorData": "AA",
        "signature": "AA",
        "attestationObject": attestation,
    }
    return json.dumps({"id": "AA", "rawId": "AA", "type": "public-key", "response": response})


@pytest.mark.parametrize(
    "junk",
    [
        "",
        "null",
        "[]",
        "{}",
        "[" * 5000,
        '{"id":"a","rawId":"a","type":"public-key"}',
        "\ud800",
        _claim("e30", "oA"),
        _claim("W10", "n5-fn5-f"),
    ],
)
def test_junk_is_refused_without_a_fault(db: Session, junk: str) -> None:
    user = factories.user(db)
    assert present(db, junk).outcome is Outcome.WRONG
    assert passkeys.challenge_to_register(db, user, junk, NOW) == b""
    for challenge in (b"", b"x" * 32):
        with pytest.raises(passkeys.BadPasskey):
            passkeys.add(db, user, "Phone", junk, challenge, NOW)
