"""Payments and messages as staff see them, wherever they are listed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from portal.models.bills import Bill
from portal.models.identity import User
from portal.models.outbox import Mail
from portal.models.payments import Payment, PaymentItem

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
    reason: str


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


def payment_rows(
    session: Session,
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
    rows = session.execute(
        select(Payment, col(User.email), numbers)
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
            email,
            bills or "",
            payment.failure_reason,
        )
        for payment, email, bills in rows
    )


def messages(
    session: Session, which: ColumnElement[bool], limit: int = MESSAGES, offset: int = 0
) -> tuple[MessageRow, ...]:
    """Return messages sent, newest first, without their text."""
    rows = session.scalars(
        select(Mail).where(which).order_by(col(Mail.created_at).desc()).limit(limit).offset(offset)
    ).all()
    return tuple(
        MessageRow(
            mail.id,
            mail.created_at,
            mail.kind,
            mail.to_address,
            mail.subject,
            mail.status,
            mail.attempts,
            mail.last_error,
        )
        for mail in rows
        if mail.created_at is not None
    )
