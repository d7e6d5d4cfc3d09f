"""Export my data: what the portal holds about a resident, as JSON and CSV in one ZIP.

Only the resident's own: of an account that was shared with them, the link and not its bills.
Bounded, so that no request holds the machine: the newest of each kind come first.
"""

import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, or_, select

from portal.domain.accounts.policy import opened_accounts
from portal.domain.audit import operations as audit
from portal.domain.bills.policy import of_accounts
from portal.domain.exchange.written import csv_text, instant, safe
from portal.domain.identity import devices, limits, sessions, throttles
from portal.domain.identity.actor import Actor
from portal.domain.settings import mails
from portal.domain.settings.proof import owner
from portal.kit.errors import DomainError
from portal.kit.money import plain_dollars
from portal.kit.text import N_
from portal.models.accounts import Account, Customer
from portal.models.audit import AuditEvent
from portal.models.bills import Bill
from portal.models.exchange import ContactRequest, DeliveryChange
from portal.models.identity import AccountLink, NumbersRequest, User, UserSession
from portal.models.payments import Payment, PaymentItem
from portal.models.usage import AlertAddress, UsageNotification

MOST = 5_000
_DAY = timedelta(days=1)
_AMOUNT = re.compile(r"-?\d+\.\d\d")
Row = dict[str, Any]


class TooManyExports(DomainError):
    """The day's copies were taken."""

    code = "too_many_exports"


def export(session: Session, actor: Actor, now: datetime) -> bytes | DomainError:
    """Return the ZIP, or the refusal of one who took several today (raised, it would not count).

    Raises FreshSignInNeeded and NotAllowed. Audited and mailed.
    """
    user = owner(session, actor)
    sessions.demand_recent(actor, now)
    if not throttles.take(session, f"export:{user.id}", limits.EXPORTS_A_DAY, _DAY, now):
        return TooManyExports(N_("You exported your data several times today. Try again tomorrow."))
    audit.record(session, actor, "user.export", subject_user_id=user.id)
    held = [one.pair for one in opened_accounts(session, actor) if one.holds]
    audit.look(session, actor, "account.export", held)
    mails.data_exported(session, user)
    return packed(gathered(session, actor, user))


def gathered(session: Session, actor: Actor, user: User) -> dict[str, list[Row]]:
    """Return every part by its name: lists of flat rows of JSON's own types."""
    return {
        "profile": [_profile(user)],
        "links": _links(session, user),
        "bills": _bills(session, actor),
        "payments": _payments(session, user),
        "notifications": _notifications(session, user),
        "requests": _requests(session, user),
        "numbers_requests": _numbers_requests(session, user),
        "consents": _consents(session, user),
        "sessions": _sessions(session, user),
        "activity": _activity(session, user),
    }


def packed(parts: Mapping[str, Sequence[Row]]) -> bytes:
    """Return the parts as a ZIP: one JSON of all, one CSV each."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("my-data.json", json.dumps(parts, indent=1, ensure_ascii=False))
        for name, rows in parts.items():
            header = list(rows[0]) if rows else []
            cells = [[_cell(row[column]) for column in header] for row in rows]
            archive.writestr(f"{name}.csv", csv_text(header, cells))
    return out.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = "; ".join(value) if isinstance(value, list) else str(value)
    return text if _AMOUNT.fullmatch(text) else safe(text)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant(value)
    return value.isoformat() if isinstance(value, date) else value


def _row(**values: Any) -> Row:
    return {name: _plain(value) for name, value in values.items()}


def _profile(user: User) -> Row:
    return _row(
        email=user.email,
        user_id=user.username,
        first_name=user.first_name,
        last_name=user.last_name,
        language=user.language,
        status=user.status,
        created=user.created_at,
        activated=user.activated_at,
        password_changed=user.password_changed_at,
        last_sign_in=user.last_sign_in_at,
        last_failed_sign_in=user.last_failed_sign_in_at,
    )


def _links(session: Session, user: User) -> list[Row]:
    rows = session.exec(
        select(AccountLink, Account, Customer.cid)
        .join(Account, col(Account.id) == AccountLink.account_id)
        .join(Customer, col(Customer.id) == AccountLink.customer_id)
        .where(AccountLink.user_id == user.id)
        .order_by(col(AccountLink.created_at).desc(), col(AccountLink.id))
        .limit(MOST)
    ).all()
    return [
        _row(
            account=account.account_no,
            customer_id=cid,
            service_address=f"{account.service_address} {account.unit}".strip(),
            rights=tie.rights,
            linked=tie.created_at,
            ends=tie.ends_at,
            removed=tie.removed_at,
        )
        for tie, account, cid in rows
    ]


def _bills(session: Session, actor: Actor) -> list[Row]:
    held = [one for one in opened_accounts(session, actor) if one.holds]
    seen = of_accounts(held).subquery()
    rows = session.exec(
        select(Bill, Account.account_no)
        .join(Account, col(Account.id) == Bill.account_id)
        .where(col(Bill.id).in_(select(seen.c.bill_id)))
        .order_by(col(Bill.statement_date).desc(), col(Bill.bill_no), col(Bill.id))
        .limit(MOST)
    ).all()
    return [
        _row(
            bill=bill.bill_no,
            bill_year=bill.bill_year,
            account=account_no,
            bill_date=bill.statement_date,
            period_from=bill.period_from,
            period_to=bill.period_to,
            pay_by=bill.due_date,
            billed=plain_dollars(bill.billed_cents),
            balance=plain_dollars(bill.balance_cents),
            status=bill.status,
        )
        for bill, account_no in rows
    ]


def _payments(session: Session, user: User) -> list[Row]:
    rows = session.exec(
        select(Payment, PaymentItem, Bill)
        .join(PaymentItem, col(PaymentItem.payment_id) == Payment.id)
        .join(Bill, col(Bill.id) == PaymentItem.bill_id)
        .where(Payment.user_id == user.id)
        .order_by(col(Payment.number).desc(), col(PaymentItem.seq))
        .limit(MOST)
    ).all()
    return [
        _row(
            payment=item.portal_payment_id,
            status=payment.status,
            started=payment.created_at,
            effective_date=payment.effective_date,
            bill=bill.bill_no,
            bill_year=bill.bill_year,
            amount=plain_dollars(item.amount_cents),
            method=payment.method,
            card=f"{payment.card_brand} {payment.last4}".strip(),
            payer=payment.payer_name,
            receipt_to=payment.receipt_email,
        )
        for payment, item, bill in rows
    ]


def _notifications(session: Session, user: User) -> list[Row]:
    saved = session.exec(
        select(UsageNotification, Account.account_no)
        .join(Account, col(Account.id) == UsageNotification.account_id)
        .where(UsageNotification.user_id == user.id)
        .limit(MOST)
    ).all()
    said = {
        row.email.lower(): row
        for row in session.exec(select(AlertAddress).where(AlertAddress.user_id == user.id))
    }
    return [
        _row(
            account=account_no,
            threshold_gallons=one.threshold_gallons,
            suspended=one.suspended,
            emails=one.emails,
            stopped=[
                email
                for email in one.emails
                if (row := said.get(email.lower())) is not None and row.stopped_at is not None
            ],
            updated=one.updated_at,
            ended=one.ended_at,
        )
        for one, account_no in saved
    ]


def _requests(session: Session, user: User) -> list[Row]:
    rows = session.exec(
        select(ContactRequest, Account.account_no)
        .join(Account, col(Account.id) == ContactRequest.account_id)
        .where(ContactRequest.user_id == user.id)
        .order_by(col(ContactRequest.requested_at).desc(), col(ContactRequest.id))
        .limit(MOST)
    ).all()
    return [
        _row(
            reference=one.reference,
            account=account_no,
            asked=[f"{name}: {old} -> {new}" for name, (old, new) in sorted(one.fields.items())],
            note=one.note,
            status=one.status,
            requested=one.requested_at,
            decided=one.decided_at,
            reason=one.reason,
        )
        for one, account_no in rows
    ]


def _numbers_requests(session: Session, user: User) -> list[Row]:
    rows = session.exec(
        select(NumbersRequest)
        .where(NumbersRequest.user_id == user.id)
        .order_by(col(NumbersRequest.requested_at).desc(), col(NumbersRequest.id))
        .limit(MOST)
    ).all()
    return [
        _row(
            reference=one.reference,
            name=one.name,
            address=one.address,
            way=one.way,
            requested=one.requested_at,
            done=one.done_at,
        )
        for one in rows
    ]


def _consents(session: Session, user: User) -> list[Row]:
    rows = session.exec(
        select(DeliveryChange, Account.account_no)
        .join(Account, col(Account.id) == DeliveryChange.account_id)
        .where(DeliveryChange.user_id == user.id)
        .order_by(col(DeliveryChange.consented_at).desc(), col(DeliveryChange.id))
        .limit(MOST)
    ).all()
    return [
        _row(
            account=account_no,
            bills_before=one.old,
            bills_now=one.new,
            email=one.email,
            text_version=one.consent_version,
            given=one.consented_at,
        )
        for one, account_no in rows
    ]


def _sessions(session: Session, user: User) -> list[Row]:
    rows = session.exec(
        select(UserSession)
        .where(UserSession.user_id == user.id)
        .order_by(col(UserSession.created_at).desc(), col(UserSession.id_hash))
        .limit(MOST)
    ).all()
    return [
        _row(
            browser=devices.named(one.user_agent),
            ip=one.ip,
            since=one.created_at,
            last_seen=one.last_seen_at,
            remembered=one.remembered,
            ended=one.revoked_at,
        )
        for one in rows
    ]


def _activity(session: Session, user: User) -> list[Row]:
    """Acts and sign-ins: the resident's own, and others' that concern them, by role, not name."""
    rows = session.exec(
        select(AuditEvent)
        .where(or_(AuditEvent.subject_user_id == user.id, AuditEvent.actor_user_id == user.id))
        .order_by(col(AuditEvent.at).desc(), col(AuditEvent.id).desc())
        .limit(MOST)
    ).all()
    return [
        _row(
            at=one.at,
            act=one.act,
            by="you" if one.actor_user_id == user.id else one.actor_role,
            ip=_network(one, user),
        )
        for one in rows
    ]


def _network(event: AuditEvent, user: User) -> str:
    # Where staff and other residents sit is not this one's to know; a stranger's guess is.
    if event.actor_user_id == user.id:
        return event.ip
    return devices.short_ip(event.ip) if event.actor_user_id is None else ""
