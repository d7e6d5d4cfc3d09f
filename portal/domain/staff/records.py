"""Payments and messages as staff see them, wherever they are listed.

A viewer sees no address of one who has to do with a confidential customer, on any list.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, or_, select
from sqlmodel import Session, col

from portal.domain.accounts.masking import sees_confidential
from portal.domain.identity.actor import Actor
from portal.kit.text import _
from portal.models.accounts import Customer
from portal.models.bills import Bill
from portal.models.identity import AccountLink, User
from portal.models.outbox import Mail
from portal.models.payments import Payment, PaymentItem, StaffTask

MESSAGES = 40


@dataclass(frozen=True)
class PaymentRow:
    """A payment made here."""

    payment_id: UUID
    number: int
    at: datetime
    amount: int
    method: str
    last4: str
    status: str
    who: str
    bills: str
    failure_code: str
    user_id: UUID


@dataclass(frozen=True)
class MessageRow:
    """A message; its text is not shown, for it may hold a link that signs in."""

    mail_id: UUID
    at: datetime
    kind: str
    to: str
    subject: str
    status: str
    attempts: int
    error: str
    user_id: UUID | None
    # When a message that failed before is tried again.
    next_try_at: datetime | None


def hidden() -> str:
    """Return what stands in the place of what a viewer may not see."""
    return _("Not shown (confidential)")


def without_addresses(text: str) -> str:
    """Return a text with each e-mail address in it taken out: a mail server repeats them."""
    return re.sub(r"[^\s<>\"',;:]+@[^\s<>\"',;:]+", "...", text)


def task_said(task: StaffTask, actor: Actor) -> str:
    """Say what a task is about, in the language being spoken."""
    said = _(task.detail, **task.params) if task.detail else ""
    return said if sees_confidential(actor) else without_addresses(said)


def _has_confidential_link(user_id: Any) -> ColumnElement[bool]:
    """True of a sign-in that has, or had, a confidential customer's account."""
    return (
        select(col(AccountLink.id))
        .join(Customer, col(Customer.id) == col(AccountLink.customer_id))
        .where(col(AccountLink.user_id) == user_id, col(Customer.confidential).is_(True))
        .exists()
    )


def _pays_confidential() -> ColumnElement[bool]:
    return (
        select(col(PaymentItem.payment_id))
        .join(Bill, col(Bill.id) == col(PaymentItem.bill_id))
        .join(Customer, col(Customer.id) == col(Bill.customer_id))
        .where(col(PaymentItem.payment_id) == col(Payment.id), col(Customer.confidential).is_(True))
        .correlate(Payment)
        .exists()
    )


def _reaches_confidential() -> ColumnElement[bool]:
    of_billing = (
        select(col(Customer.id))
        .where(
            func.lower(col(Customer.email)) == func.lower(col(Mail.to_address)),
            col(Customer.email) != "",
            col(Customer.confidential).is_(True),
        )
        .exists()
    )
    return or_(_has_confidential_link(col(Mail.user_id)), of_billing)


def payment_rows(
    session: Session,
    actor: Actor,
    which: ColumnElement[bool],
    limit: int,
    offset: int,
    *order: ColumnElement[Any],
) -> tuple[PaymentRow, ...]:
    """Return payments with the numbers of their bills, newest first within `order`."""
    numbers = (
        select(func.string_agg(col(Bill.bill_no), ", "))
        .select_from(PaymentItem)
        .join(Bill, col(Bill.id) == col(PaymentItem.bill_id))
        .where(col(PaymentItem.payment_id) == col(Payment.id))
        .correlate(Payment)
        .scalar_subquery()
    )
    masked: ColumnElement[bool] = false()
    if not sees_confidential(actor):
        masked = or_(_pays_confidential(), _has_confidential_link(col(Payment.user_id)))
    rows = session.execute(
        select(Payment, col(User.email), numbers, masked)
        .join(User, col(User.id) == col(Payment.user_id))
        .where(which)
        .order_by(*order, col(Payment.number).desc())
        .limit(limit)
        .offset(offset)
    ).all()
    return tuple(
        PaymentRow(
            payment.id,
            payment.number,
            payment.created_at,
            payment.amount_cents,
            payment.method,
            payment.last4,
            payment.status,
            hidden() if is_masked else email,
            bills or "",
            payment.failure_code,
            payment.user_id,
        )
        for payment, email, bills, is_masked in rows
    )


def messages(
    session: Session,
    actor: Actor,
    which: ColumnElement[bool],
    limit: int = MESSAGES,
    offset: int = 0,
) -> tuple[MessageRow, ...]:
    """Return messages sent, newest first, without their text."""
    masked = false() if sees_confidential(actor) else _reaches_confidential()
    rows = session.execute(
        select(Mail, masked)
        .where(which)
        .order_by(col(Mail.created_at).desc(), col(Mail.id))
        .limit(limit)
        .offset(offset)
    ).all()
    return tuple(
        MessageRow(
            mail.id,
            mail.created_at,
            mail.kind,
            hidden() if is_masked else mail.to_address,
            mail.subject,
            mail.status,
            mail.attempts,
            without_addresses(mail.last_error) if is_masked else mail.last_error,
            mail.user_id,
            mail.next_try_at if mail.status == "waiting" and mail.attempts else None,
        )
        for mail, is_masked in rows
        if mail.created_at is not None
    )
