"""Mail that must leave: written with its cause, sent by claim and call, tried for 72 hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import Policy
from email.utils import format_datetime
from uuid import UUID

from sqlmodel import Session, col, select

from portal.cities import city
from portal.config import settings
from portal.domain.outbox import render, rules, states
from portal.domain.outbox.states import MailStatus
from portal.kit.ids import MailId, new_id
from portal.kit.queue import defer
from portal.kit.text import N_
from portal.models.outbox import Mail
from portal.models.payments import StaffTask

_IDENTITY = frozenset(
    (
        "activate",
        "already_registered",
        "account_closed",
        "data_exported",
        "email_changed",
        "email_new",
        "email_old",
        "email_taken",
        "locked",
        "new_browser",
        "no_account",
        "password_changed",
        "reset",
        "signed_out_everywhere",
        "unlock",
        "user_id_changed",
    )
)


@dataclass(frozen=True)
class Claimed:
    """A message that this process alone may send for the next five minutes."""

    mail_id: MailId
    attempts: int
    message: EmailMessage


def queue_mail(
    session: Session,
    *,
    kind: str,
    to: str,
    subject: str,
    paragraphs: Sequence[render.Part],
    action: tuple[str, str] | None = None,
    below: Sequence[render.Part] = (),
    stop_url: str = "",
    user_id: UUID | None = None,
    account_id: UUID | None = None,
    payment_id: UUID | None = None,
) -> MailId:
    """Write a message that leaves if and only if this transaction commits; return its id.

    `kind` is our name for it ("activation"), `to` exactly one address, `action` a button's label
    and absolute address, `below` what follows the button, `stop_url` where one POST stops messages
    like it. The texts are already in the reader's language, which is the one being spoken.
    Raises BadAddress and BadSubject.
    """
    mail_id = new_id()
    rules.one_line(subject)
    session.add(
        Mail(
            id=mail_id,
            kind=kind,
            to_address=rules.one_address(to),
            subject=subject,
            text_body=render.text_body(paragraphs, action, below, stop_url),
            html_body=render.html_body(subject, paragraphs, action, below, stop_url),
            stop_url=stop_url,
            user_id=user_id,
            account_id=account_id,
            payment_id=payment_id,
        )
    )
    session.flush()
    defer(session, "outbox.send", mail_id=str(mail_id))
    return MailId(mail_id)


def claim(session: Session, now: datetime, mail_id: UUID | None = None) -> Claimed | None:
    """Take the next message that is due (or this one), so that no other process sends it.

    A process that dies after this leaves the message due again when the lease ends. The
    Message-ID comes from the row, so that a second copy is the same message to its reader.
    """
    due = (
        select(Mail)
        .where(Mail.status == MailStatus.WAITING, col(Mail.next_try_at) <= now)
        .order_by(col(Mail.next_try_at), col(Mail.id))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    mail = session.exec(due.where(Mail.id == mail_id) if mail_id else due).first()
    if mail is None:
        return None
    mail.attempts += 1
    mail.next_try_at = now + rules.LEASE
    session.add(mail)
    session.flush()
    return Claimed(MailId(mail.id), mail.attempts, _message(mail, now))


class _Unfolded(str):
    """The header List-Unsubscribe on one line, however long.

    The standard library would fold it into encoded words, in which no mail program sees a link.
    """

    name = "List-Unsubscribe"

    def fold(self, *, policy: Policy) -> str:
        """Return the header's line, as the message's generator asks for it."""
        return f"{self.name}: {self}{policy.linesep}"


def _message(mail: Mail, now: datetime) -> EmailMessage:
    sender = settings().mail_from or f"no-reply@{city().key}.example"
    message = EmailMessage()
    message["From"] = f"{_sender_name(mail.kind)} <{rules.one_address(sender)}>"
    message["To"] = mail.to_address
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.created_at or now)
    message["Message-ID"] = f"<{mail.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    if mail.stop_url:
        message["List-Unsubscribe"] = _Unfolded(f"<{mail.stop_url}>")
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text_body)
    message.add_alternative(mail.html_body, subtype="html")
    return message


def _sender_name(kind: str) -> str:
    # The guides tell newcomers to look for this name; everything else comes from the city.
    return f"{city().portal.access_name.en} Identity" if kind in _IDENTITY else city().full_name


def sent(session: Session, claimed: Claimed, now: datetime) -> None:
    """Note that the mail server took the message."""
    states.move(
        session,
        claimed.mail_id,
        MailStatus.WAITING,
        MailStatus.SENT,
        sent_at=now,
        last_error="",
    )


def not_sent(
    session: Session, claimed: Claimed, reason: str, now: datetime, *, final: bool = False
) -> None:
    """Note a failed attempt: try again later, or after 72 h (or a final no) tell the staff."""
    mail = session.exec(
        select(Mail)
        .where(Mail.id == claimed.mail_id, Mail.status == MailStatus.WAITING)
        .with_for_update()
    ).first()
    if mail is None:
        return
    mail.last_error = reason[:300]
    if final or rules.given_up(mail.created_at or now, now):
        states.move(session, mail.id, MailStatus.WAITING, MailStatus.FAILED)
        session.add(
            StaffTask(
                kind="mail_failed",
                reference=f"mail:{mail.id}",
                payment_id=mail.payment_id,
                detail=N_('The message "%(subject)s" was not taken: %(reason)s'),
                params={"subject": mail.subject, "reason": reason[:300]},
            )
        )
    else:
        mail.next_try_at = now + rules.wait_after(claimed.attempts)
    session.add(mail)
    session.flush()
