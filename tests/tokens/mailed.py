"""Mailed links, and the codes beside them."""

import re
from datetime import datetime

import pyotp
from sqlmodel import Session

from portal.domain.alerts import addresses, rules
from portal.domain.identity import limits, mail_tokens, recovery, sign_up, staff
from portal.domain.settings import email_change
from portal.models.identity import User
from tests import factories
from tests.db.test_alerts import own, save
from tests.db.usage.test_queries import House
from tests.tokens.kinds import NOW, VISITOR, Token, World, kind, refused


def _redeem(db: Session, purpose: str, secret: str, at: datetime) -> None:
    if purpose == "activate":
        sign_up.activate(db, VISITOR, secret, at)
    elif purpose == "reset":
        recovery.reset(db, VISITOR, secret, "h:x", at)
    else:
        recovery.unlock(db, VISITOR, secret, at)


_DONE = {"activate": "user.active", "reset": "user.reset_password", "unlock": "user.unlock"}
_NEXT = {"activate": "reset", "reset": "unlock", "unlock": "reset"}


def _owner(world: World, purpose: str) -> User:
    return factories.user(world.db, status="unverified" if purpose == "activate" else "active")


def _link(world: World, purpose: str) -> Token:
    issued = mail_tokens.issue(world.db, _owner(world, purpose), purpose, NOW)

    def use(secret: str, at: datetime = NOW, *, other: bool = False) -> str:
        door = _NEXT[purpose] if other else purpose
        return refused(world.db, lambda: _redeem(world.db, door, secret, at))

    return Token(issued.secret, use, lambda: world.acts(_DONE[purpose]))


def _code(world: World, purpose: str) -> Token:
    user, stranger = _owner(world, purpose), _owner(world, purpose)
    issued = mail_tokens.issue(world.db, user, purpose, NOW)
    theirs = mail_tokens.issue(world.db, stranger, purpose, NOW)
    if theirs.code == issued.code:  # one in a million
        return _code(world, purpose)

    def use(secret: str, at: datetime = NOW, *, other: bool = False) -> str:
        def act() -> None:
            email = stranger.email if other else user.email
            link = mail_tokens.exchange(world.db, email, secret, purpose, at)
            _redeem(world.db, purpose, link, at)

        return refused(world.db, act)

    return Token(issued.code, use, lambda: world.acts(_DONE[purpose]))


@kind("mail_token.token_hash", "purpose:activate", life=limits.ACTIVATION_LIFE,
      other="the door of another purpose")  # fmt: skip
def activation_link(world: World) -> Token:
    return _link(world, "activate")


@kind("purpose:reset", life=limits.RESET_LIFE, other="the door of another purpose")
def reset_link(world: World) -> Token:
    return _link(world, "reset")


@kind("purpose:unlock", life=limits.UNLOCK_LIFE, other="the door of another purpose")
def unlock_link(world: World) -> Token:
    return _link(world, "unlock")


@kind("mail_token.code_hash", "seal:mail-code", life=limits.ACTIVATION_LIFE, one_sentence=True,
      other="another address")  # fmt: skip
def activation_code(world: World) -> Token:
    return _code(world, "activate")


@kind("seal:mail-code", life=limits.RESET_LIFE, one_sentence=True, other="another address")
def reset_code(world: World) -> Token:
    return _code(world, "reset")


@kind("seal:mail-code", life=limits.UNLOCK_LIFE, one_sentence=True, other="another address")
def unlock_code(world: World) -> Token:
    return _code(world, "unlock")


@kind("purpose:staff_enrol", life=limits.ENROLMENT_LIFE, other="the door of another purpose",
      twice_held="the app's row lets others wait, and the link is looked at again")  # fmt: skip
def staff_enrolment(world: World) -> Token:
    url = staff.add(world.db, "clerk@example.gov", "viewer", NOW)
    secret = url.partition("token=")[2]
    app = pyotp.TOTP(staff.begin_enrolment(world.db, secret, NOW).seed)

    def use(secret: str, at: datetime = NOW, *, other: bool = False) -> str:
        def act() -> None:
            if other:
                _redeem(world.db, "reset", secret, at)
            staff.finish_enrolment(world.db, VISITOR, secret, "h:x", app.at(at), at)

        return refused(world.db, act)

    return Token(secret, use, lambda: world.acts("staff.enrol"))


@kind("email_change.old_hash", life=limits.EMAIL_CHANGE_LIFE,
      again="the page says that this mailbox has said yes: it counts once")  # fmt: skip
def email_change_old_mailbox(world: World) -> Token:
    return _email_change(world, "email_old")


@kind("email_change.new_hash", life=limits.EMAIL_CHANGE_LIFE,
      again="the page says that this mailbox has said yes: it counts once")  # fmt: skip
def email_change_new_mailbox(world: World) -> Token:
    return _email_change(world, "email_new")


def _email_change(world: World, mail: str) -> Token:
    user = factories.user(world.db)
    asked = factories.actor(user, authenticated_at=NOW)
    assert email_change.ask(world.db, asked, "new@example.org", NOW) is None
    (found,) = re.findall(r"token=([\w-]+)", world.mailed(mail)[0])

    def use(secret: str, at: datetime = NOW, *, other: bool = False) -> str:
        return refused(world.db, lambda: email_change.confirm(world.db, VISITOR, secret, at))

    return Token(found, use, lambda: world.acts("user.confirm_email"))


@kind("alert_address.token_hash", life=rules.CONFIRM_WITHIN,
      again="who opens the mail once more reads that it is confirmed")  # fmt: skip
def alert_confirmation(world: World) -> Token:
    return _alert(world, "/alerts/confirm")


@kind("seal:alert-stop", lasts="RFC 8058: it must hold in every mail that was ever sent",
      again="RFC 8058: mail programs repeat the post, and must be told yes each time")  # fmt: skip
def alert_stop(world: World) -> Token:
    return _alert(world, "/alerts/stop")


def _alert(world: World, path: str) -> Token:
    house = House(world.db)
    save(house, emails=[own(house), "ben@example.com"], now=NOW)
    (found,) = re.findall(rf"{path}\?token=([\w-]+)", world.mailed("alert_confirm")[0])
    confirming = path == "/alerts/confirm"
    done = addresses.confirm if confirming else addresses.stop

    def use(secret: str, at: datetime = NOW, *, other: bool = False) -> str:
        return refused(world.db, lambda: done(world.db, VISITOR, secret, at))

    act = "alert_address.confirm" if confirming else "alert_address.stop"
    return Token(found, use, lambda: world.acts(act))
