"""Who hears of a resident's alerts: an address says yes before the first, and no at any time.

Otherwise anybody could make the city mail a stranger each day. The resident's own sign-in address
has proved itself by activation. Every other gets one mail with a link (256 random bits, stored by
their SHA-256); opening it does nothing, its page's button confirms. A confirmation belongs to the
resident and the address, not to one account. It ends when no notification names the address.

The link that stops carries the row's id under our own HMAC, because it must hold in every mail
ever sent. A stop outlives the resident's changes: whoever stopped is not asked again.
"""

import hmac
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, delete, func, select, update

from portal.domain.alerts import mails, rules
from portal.domain.alerts.mails import Hearer
from portal.domain.audit.operations import record
from portal.domain.identity import throttles
from portal.domain.identity.actor import Actor
from portal.domain.identity.addresses import masked
from portal.domain.identity.sessions import hash_of
from portal.domain.identity.sign_up import may_mail
from portal.kit.errors import DomainError
from portal.kit.text import N_, language
from portal.models.identity import User
from portal.models.usage import AlertAddress, UsageNotification
from portal.secret import seal

_DAY = timedelta(days=1)
_ID_DIGITS = 32
_SEAL_DIGITS = 32  # 128 bits: nobody guesses one


class AddressStatus(StrEnum):
    """What an address has said so far."""

    CONFIRMED = "confirmed"
    WAITING = "waiting"  # asked, and the link still holds
    EXPIRED = "expired"  # asked, and the link is too old
    UNASKED = "unasked"  # suspended when saved, or over the day's limit
    STOPPED = "stopped"


class BadAlertLink(DomainError):
    """The link of a mail does not hold, or no longer."""

    code = "bad_alert_link"


class NotAskedNow(DomainError):
    """No message leaves: the address has had its share, or needs none."""

    code = "not_asked_now"


@dataclass(frozen=True)
class Address:
    """One of the fields Email 1 to 3 as the resident sees it."""

    email: str
    status: AddressStatus
    own: bool
    asked_at: datetime | None = None


@dataclass(frozen=True)
class Invitation:
    """What the page behind a mail's link may tell: nobody in full, no account, no use."""

    who: str
    email: str
    own: bool
    confirmed: bool
    stopped: bool


def is_own(user: User, email: str) -> bool:
    """True for the address that the resident signs in with, which activation has proved."""
    return email.lower() == user.email.lower() and user.status == "active"


def shown(
    session: Session, user: User, emails: Sequence[str], now: datetime
) -> tuple[Address, ...]:
    """Return the addresses of a saved notification with what each has said."""
    return tuple(
        Address(row.email, _status(user, row, now), is_own(user, row.email), row.asked_at)
        for row in _rows(session, user, emails)
    )


def hearing(session: Session, user: User, emails: Sequence[str]) -> list[Hearer]:
    """Return who of a notification's addresses may be written to."""
    return [
        Hearer(
            row.email,
            user.language if is_own(user, row.email) else row.language,
            is_own(user, row.email),
            stop_secret(row.id),
        )
        for row in _rows(session, user, emails)
        if row.stopped_at is None and (row.confirmed_at is not None or is_own(user, row.email))
    ]


def keep(
    session: Session, user: User, emails: Sequence[str], now: datetime, *, ask: bool
) -> list[str]:
    """Follow a saved notification: drop who is no longer named, ask who is new. Return the asked.

    One that is dropped and named again must confirm again; one that stopped is remembered.
    """
    named = _named(session, user)
    session.exec(
        delete(AlertAddress).where(
            col(AlertAddress.user_id) == user.id,
            func.lower(col(AlertAddress.email)).not_in(named),
            col(AlertAddress.stopped_at).is_(None),
        )
    )
    for email in emails:
        session.execute(
            insert(AlertAddress)
            .values(user_id=user.id, email=email, language=language())
            .on_conflict_do_nothing()
        )
    if not ask:
        return []
    rows = list(_rows(session, user, emails, lock=True))
    unasked = [row for row in rows if _status(user, row, now) is AddressStatus.UNASKED]
    return [row.email for row in unasked if _ask(session, user, row, now)]


def ask_again(session: Session, user: User, email: str, now: datetime) -> None:
    """Send one more confirmation mail; the links before it end. Raises NotAskedNow."""
    row = next(_rows(session, user, [email], lock=True), None)
    again = (AddressStatus.WAITING, AddressStatus.EXPIRED, AddressStatus.UNASKED)
    if row is None or _status(user, row, now) not in again:
        raise NotAskedNow(N_("This address needs no message. Load the page again to see why."))
    if not _ask(session, user, row, now):
        raise NotAskedNow(
            N_("No more messages can be sent to this address today. Try again tomorrow.")
        )


def start_own(session: Session, user: User) -> None:
    """Take back a stop of the resident's own address, which they are signed in with."""
    session.exec(
        update(AlertAddress)
        .where(
            col(AlertAddress.user_id) == user.id,
            func.lower(col(AlertAddress.email)) == user.email.lower(),
        )
        .values(stopped_at=None)
        .execution_options(synchronize_session=False)
    )


def follow(session: Session, user: User, old_email: str) -> None:
    """Let a resident's own address, where notifications name it, be the new one."""
    old, new = old_email.lower(), user.email
    for saved in session.exec(
        select(UsageNotification).where(UsageNotification.user_id == user.id)
    ).all():
        named = [new if one.lower() == old else one for one in saved.emails]
        # The new one may have stood beside it.
        saved.emails = list({one.lower(): one for one in named}.values())
    rows = {
        row.email.lower(): row
        for row in session.exec(select(AlertAddress).where(AlertAddress.user_id == user.id))
    }
    if old in rows and new.lower() in rows:
        session.delete(rows[old])
    elif old in rows:
        rows[old].email = new
    session.flush()


def invitation(session: Session, secret: str, now: datetime) -> Invitation:
    """Return what a confirmation link is about, using nothing up. Raises BadAlertLink."""
    return _invitation(session, _of_link(session, secret, now))


def confirm(session: Session, actor: Actor, secret: str, now: datetime) -> None:
    """Let alerts go to the address, in the language being spoken. Raises BadAlertLink."""
    row = _of_link(session, secret, now)
    if row.confirmed_at is None:
        row.confirmed_at, row.language = now, language()
        record(session, actor, "alert_address.confirm", subject_user_id=row.user_id)


def stop_secret(address_id: UUID) -> str:
    """Return what the link that stops carries; it holds as long as the address is kept."""
    return address_id.hex + _stop_seal(address_id.hex)


def stoppable(session: Session, secret: str) -> Invitation:
    """Return what a link that stops is about. Raises BadAlertLink."""
    return _invitation(session, _of_stop(session, secret))


def stop(session: Session, actor: Actor, secret: str, now: datetime) -> None:
    """End every message to the address for this resident, questions too. Raises BadAlertLink."""
    row = _of_stop(session, secret)
    if row.stopped_at is None:
        row.stopped_at, row.confirmed_at, row.token_hash = now, None, ""
        record(session, actor, "alert_address.stop", subject_user_id=row.user_id)


def start(session: Session, actor: Actor, secret: str, now: datetime) -> None:
    """Take the stop back: only the address's own mail has this link. Raises BadAlertLink."""
    row = _of_stop(session, secret)
    if row.stopped_at is not None:
        row.stopped_at, row.confirmed_at, row.language = None, now, language()
        record(session, actor, "alert_address.start", subject_user_id=row.user_id)


def _status(user: User, row: AlertAddress, now: datetime) -> AddressStatus:
    if row.stopped_at is not None:
        return AddressStatus.STOPPED
    if row.confirmed_at is not None or is_own(user, row.email):
        return AddressStatus.CONFIRMED
    if row.expires_at is None:
        return AddressStatus.UNASKED
    return AddressStatus.WAITING if now < row.expires_at else AddressStatus.EXPIRED


def _rows(
    session: Session, user: User, emails: Sequence[str], *, lock: bool = False
) -> Iterator[AlertAddress]:
    """Yield the rows of the addresses, in their order; `lock` keeps a second tab from asking."""
    found = select(AlertAddress).where(
        AlertAddress.user_id == user.id,
        func.lower(col(AlertAddress.email)).in_([email.lower() for email in emails]),
    )
    rows = session.exec(found.order_by(col(AlertAddress.id)).with_for_update() if lock else found)
    known = {row.email.lower(): row for row in rows}
    return (known[email.lower()] for email in emails if email.lower() in known)


def _named(session: Session, user: User) -> set[str]:
    lists = session.exec(
        select(UsageNotification.emails).where(UsageNotification.user_id == user.id)
    )
    return {email.lower() for emails in lists for email in emails}


def _ask(session: Session, user: User, row: AlertAddress, now: datetime) -> bool:
    """Mail the question, if both the resident and the address have some of their day left."""
    mine = f"alert-asks:{user.id}"
    if not throttles.take(session, mine, rules.CONFIRMATIONS_A_DAY, _DAY, now):
        return False
    if not may_mail(session, row.email, now):
        return False
    secret = secrets.token_urlsafe(32)
    row.token_hash, row.asked_at = hash_of(secret), now
    row.expires_at, row.language = now + rules.CONFIRM_WITHIN, language()
    session.flush()
    mails.confirmation(session, user, row.email, row.language, secret, stop_secret(row.id))
    return True


def _of_link(session: Session, secret: str, now: datetime) -> AlertAddress:
    row = session.exec(
        select(AlertAddress).where(AlertAddress.token_hash == hash_of(secret)).with_for_update()
    ).first()
    if row is None:
        raise BadAlertLink(
            N_(
                "This link no longer works. A newer message may have replaced it, or the request"
                " was taken back."
            )
        )
    if row.confirmed_at is None and (row.expires_at is None or row.expires_at <= now):
        raise BadAlertLink(
            N_("This link is too old. Ask the person who named you to send it again.")
        )
    return row


def _of_stop(session: Session, secret: str) -> AlertAddress:
    address_id, sealed = secret[:_ID_DIGITS], secret[_ID_DIGITS:]
    row = None
    if hmac.compare_digest(sealed.encode(), _stop_seal(address_id).encode()):
        row = session.get(AlertAddress, UUID(address_id), with_for_update=True)
    if row is None:
        raise BadAlertLink(
            N_("No messages go to you through this link. Use the link in the newest message.")
        )
    return row


def _stop_seal(address_id: str) -> str:
    return seal("alert-stop", address_id).hex()[:_SEAL_DIGITS]


def _invitation(session: Session, row: AlertAddress) -> Invitation:
    user = session.get_one(User, row.user_id)
    return Invitation(
        who=masked(user.email),
        email=masked(row.email),
        own=is_own(user, row.email),
        confirmed=row.confirmed_at is not None,
        stopped=row.stopped_at is not None,
    )
