"""Second factors, sessions and forms."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyotp
from sqlmodel import Session, func, select
from starlette.requests import Request

from portal.domain.identity import (
    limits,
    passkey_sign_in,
    passkeys,
    recovery_codes,
    second_step,
    sessions,
    sign_in,
    totp,
)
from portal.domain.identity.sign_in import Outcome
from portal.http import request as http
from portal.models.audit import AuditEvent
from portal.models.identity import User
from portal.secret import csrf_of_session, csrf_of_visitor
from tests import factories
from tests.authenticator import Key
from tests.tokens.kinds import HERE, NOW, Token, World, kind, outcome_of, refused


@dataclass
class _Owner:
    """A resident with an authenticator app and recovery codes, and steps that were begun."""

    world: World
    user: User = field(init=False)
    app: pyotp.TOTP = field(init=False)
    codes: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.user = factories.user(self.world.db)
        self.app = pyotp.TOTP(totp.begin(self.world.db, self.user))
        before = NOW - timedelta(hours=1)
        assert totp.confirm(self.world.db, self.user, self.app.at(before), before)
        self.codes = recovery_codes.make(self.world.db, self.user, NOW)

    def step(self, at: datetime) -> str:
        """Give the right password."""
        db = self.world.db
        user = db.get_one(User, self.user.id)
        return sign_in.proceed(db, user, remember=False, ip=HERE.ip, user_agent="", now=at).secret

    def signed_in(self) -> int:
        found = select(func.count()).where(
            AuditEvent.act == "session.sign_in", AuditEvent.subject_user_id == self.user.id
        )
        return self.world.db.exec(found).one()


@kind("totp_factor.seed_encrypted", "seal:totp seed", life=timedelta(seconds=60),
      one_sentence=True, other="another sign-in")  # fmt: skip
def authenticator_code(world: World) -> Token:
    mine, theirs = _Owner(world), _Owner(world)
    near = [theirs.app.at(NOW + n * timedelta(seconds=30)) for n in (-1, 0, 1)]
    if mine.app.at(NOW) in near:
        return authenticator_code(world)  # three in a million

    def use(secret: str, at: datetime = NOW, *, other: bool = False) -> str:
        step = (theirs if other else mine).step(at)
        return outcome_of(
            world.db, lambda: second_step.by_code(world.db, step, secret, HERE, at).outcome
        )

    return Token(mine.app.at(NOW), use, mine.signed_in)


@kind("recovery_code.code_hash", "seal:recovery-code", one_sentence=True, other="another sign-in",
      lasts="it lies in a drawer until it is needed; new ones end it")  # fmt: skip
def recovery_code(world: World) -> Token:
    mine, theirs = _Owner(world), _Owner(world)

    def use(secret: str, at: datetime = NOW, *, other: bool = False) -> str:
        step = (theirs if other else mine).step(at)
        return outcome_of(
            world.db, lambda: second_step.by_recovery_code(world.db, step, secret, HERE, at).outcome
        )

    return Token(mine.codes[0], use, mine.signed_in)


@kind("pending_sign_in.secret_hash", life=limits.SECOND_STEP_LIFE,
      other="another sign-in's second factor")  # fmt: skip
def step_between_the_factors(world: World) -> Token:
    mine, theirs = _Owner(world), _Owner(world)

    def use(secret: str, at: datetime = NOW, *, other: bool = False) -> str:
        proof = (theirs if other else mine).codes.pop()
        return outcome_of(
            world.db,
            lambda: second_step.by_recovery_code(world.db, secret, proof, HERE, at).outcome,
        )

    return Token(mine.step(NOW), use, mine.signed_in)


def _registered(db: Session, key: Key) -> User:
    user = factories.user(db)
    answer = key.create(passkeys.options_to_register(db, user, NOW))
    passkeys.add(db, user, "Phone", answer, passkeys.challenge_to_register(db, user, answer, NOW),
                 NOW)  # fmt: skip
    return user


def _challenge(options: str) -> str:
    return str(json.loads(options)["challenge"])


@kind("passkey_challenge.challenge_hash", "challenge:register", life=limits.CHALLENGE_LIFE,
      one_sentence=True, other="another sign-in",
      twice_held="a passkey's id is unique")  # fmt: skip
def passkey_registration(world: World) -> Token:
    db = world.db
    mine, theirs = factories.user(db), factories.user(db)
    options = passkeys.options_to_register(db, mine, NOW)
    answers: dict[str, str] = {}

    def use(secret: str, at: datetime = NOW, *, other: bool = False) -> str:
        db, user = world.db, theirs if other else mine
        wanted = json.dumps(json.loads(options) | {"challenge": secret})
        answer = answers.setdefault(secret, Key().create(wanted))
        challenge = passkeys.challenge_to_register(db, user, answer, at)
        return refused(db, lambda: passkeys.add(db, user, "Phone", answer, challenge, at))

    return Token(_challenge(options), use, lambda: len(passkeys.of(world.db, mine)))


@kind("challenge:sign_in", life=limits.CHALLENGE_LIFE, one_sentence=True,
      other="the second step, which asks for a challenge of its own")  # fmt: skip
def passkey_sign_in_challenge(world: World) -> Token:
    return _signing(world, alone=True)


@kind("challenge:second_step", life=limits.CHALLENGE_LIFE, one_sentence=True,
      other="a sign-in by the passkey alone")  # fmt: skip
def passkey_second_step_challenge(world: World) -> Token:
    return _signing(world, alone=False)


def _signing(world: World, *, alone: bool) -> Token:
    db, key, answers = world.db, Key(counts=False), dict[str, str]()
    user = _registered(db, key)

    def use(secret: str, at: datetime = NOW, *, other: bool = False) -> str:
        db = world.db
        answer = answers.setdefault(secret, key.get(json.dumps({"challenge": secret})))
        if alone != other:
            challenge = passkeys.challenge_to_sign(db, None, answer, at)
            result = passkey_sign_in.by_passkey(db, answer, challenge, HERE, at)
        else:
            begun = sign_in.proceed(
                db, db.get_one(User, user.id), remember=False, ip=HERE.ip, user_agent="", now=at
            ).secret
            challenge = second_step.challenge(db, begun, answer, at)
            result = second_step.by_passkey(db, begun, answer, challenge, HERE, at)
        return "" if result.outcome is Outcome.SIGNED_IN else str(result.outcome)

    asked = passkeys.options_to_sign(db, None if alone else user, NOW)
    return Token(_challenge(asked), use, lambda: world.acts("session.sign_in"))


@kind("user_session.id_hash", life=limits.RESIDENT_IDLE, one_sentence=True,
      raced="it is used at every page; signing out twice is no harm")  # fmt: skip
def session_cookie(world: World) -> Token:
    user = factories.user(world.db)
    secret = sessions.create(world.db, user, False, HERE.ip, "", NOW)

    def use(secret: str, at: datetime = NOW, *, other: bool = False) -> str:
        """Look at a page, and sign out: what is tried again is a session that has ended."""
        world.db.expire_all()
        actor = sessions.resolve(world.db, sessions.hash_of(secret), at)
        if actor is None:
            return "sign in"
        sign_in.sign_out(world.db, actor, at)
        return ""

    return Token(secret, use, lambda: world.acts("session.sign_out"))


def _form(cookies: str) -> Request:
    return Request({"type": "http", "method": "POST", "headers": [(b"cookie", cookies.encode())]})


@kind("seal:csrf", one_sentence=True, other="another session",
      lasts="it ends with its session, above",
      again="a page's form may be sent again while its session lasts: what it does is counted by"
      " itself, and after sign-out there is nobody to do it for",
      raced="it changes nothing")  # fmt: skip
def form_token_of_a_session(world: World) -> Token:
    user = factories.user(world.db)
    mine, theirs = (sessions.create(world.db, user, False, "", "", NOW) for _ in range(2))

    def use(secret: str, at: datetime = NOW, *, other: bool = False) -> str:
        cookies = f"{http.COOKIE}={theirs if other else mine}"
        return "" if http.csrf_ok(_form(cookies), secret) else "nothing was done"

    return Token(csrf_of_session(sessions.hash_of(mine)), use)


@kind("seal:csrf", one_sentence=True, other="another browser",
      lasts="it ends with the browser's cookie",
      again="a form may be sent again: it proves our page, and nothing else",
      raced="it changes nothing")  # fmt: skip
def form_token_of_a_visitor(world: World) -> Token:
    def use(secret: str, at: datetime = NOW, *, other: bool = False) -> str:
        cookies = f"{http.CSRF_COOKIE}={'theirs' if other else 'mine'}"
        return "" if http.csrf_ok(_form(cookies), secret) else "nothing was done"

    return Token(csrf_of_visitor("mine"), use)
