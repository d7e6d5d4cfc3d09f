"""Rows for tests, one function a noun: believable by default, every field can be given.

Each adds its row to the session, flushes and returns it.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

from sqlmodel import Session, SQLModel

from portal.domain.identity.actor import Actor
from portal.kit.ids import UserId
from portal.models.accounts import Account, Customer, Meter, Service, Tenure
from portal.models.bills import Bill, BillInstallment, BillLine
from portal.models.identity import AccountLink, User

T = TypeVar("T", bound=SQLModel)
_numbers = count(1)
_NOON = datetime(2027, 1, 26, 18, 0, tzinfo=UTC)


def _put(session: Session, row: T) -> T:
    session.add(row)
    session.flush()
    return row


def account(session: Session, **given: Any) -> Account:
    """Add a place that is billed, "00100001" and up."""
    n = next(_numbers)
    number = given.pop("account_no", f"{100000 + n:08d}")
    fields: dict[str, Any] = {
        "account_no": number,
        "account_type": "RES",
        "status": "ACTIVE",
        "service_address": f"{100 + n} Main St",
        "city": "Pleasanton",
        "state": "CA",
        "zip": "94566",
        "cycle_code": "1",
        "start_date": date(2020, 1, 1),
        "match_no": number.replace("-", "").replace(" ", "").lstrip("0"),
    }
    return _put(session, Account(**(fields | given)))


def customer(session: Session, **given: Any) -> Customer:
    """Add a payer, CID "200001" and up."""
    n = next(_numbers)
    cid = given.pop("cid", str(200000 + n))
    fields: dict[str, Any] = {
        "cid": cid,
        "name1": f"RIVERA, ANA {n}",
        "addr1": f"{100 + n} Main St",
        "city": "Pleasanton",
        "state": "CA",
        "zip": "94566",
        "status": "A",
        "match_no": cid.replace("-", "").replace(" ", "").lstrip("0"),
    }
    return _put(session, Customer(**(fields | given)))


def tenure(session: Session, account: Account, customer: Customer, **given: Any) -> Tenure:
    """Let `customer` live at `account` since 2020, as the responsible owner."""
    fields: dict[str, Any] = {
        "account_id": account.id,
        "customer_id": customer.id,
        "relation": "OWNER",
        "is_primary": True,
        "responsible": True,
        "start_date": date(2020, 1, 1),
        "delivery": "MAIL",
    }
    return _put(session, Tenure(**(fields | given)))


def service(session: Session, account: Account, customer: Customer, **given: Any) -> Service:
    """Add metered water at `account`."""
    fields: dict[str, Any] = {
        "account_id": account.id,
        "customer_id": customer.id,
        "service_code": "WATER",
        "service_seq": 1,
        "description": "Water",
        "status": "ACTIVE",
        "kind": "METERED",
        "start_date": date(2020, 1, 1),
    }
    return _put(session, Service(**(fields | given)))


def meter(session: Session, account: Account, **given: Any) -> Meter:
    """Connect a 5/8 inch meter in gallons at `account`'s water service."""
    n = next(_numbers)
    fields: dict[str, Any] = {
        "manufacturer": "BADGER",
        "serial_no": f"S{n:07d}",
        "size": "5/8",
        "dials": 7,
        "unit": "GAL",
        "multiplier": Decimal(1),
        "remote_id": f"{7000000 + n}",
        "account_id": account.id,
        "service_code": "WATER",
        "service_seq": 1,
        "connected": date(2020, 1, 1),
        "in_read": Decimal(0),
    }
    return _put(session, Meter(**(fields | given)))


def bill(
    session: Session,
    account: Account,
    customer: Customer,
    cents: int = 12345,
    *,
    paid_cents: int = 0,
    lines: dict[str, int] | None = None,
    **given: Any,
) -> Bill:
    """Add an open utility bill of `cents` with its lines (description to cents) and installment."""
    n = next(_numbers)
    fields: dict[str, Any] = {
        "bill_year": 2027,
        "category": 20,
        "bill_no": str(300000 + n),
        "bill_type": "REGULAR",
        "account_id": account.id,
        "customer_id": customer.id,
        "statement_date": date(2027, 1, 12),
        "period_from": date(2026, 12, 8),
        "period_to": date(2027, 1, 8),
        "due_date": date(2027, 2, 8),
        "billed_cents": cents,
        "adjusted_cents": 0,
        "abated_cents": 0,
        "paid_cents": paid_cents,
        "refunded_cents": 0,
        "written_off_cents": 0,
        "penalty_due_cents": 0,
        "interest_due_cents": 0,
        "balance_cents": cents - paid_cents,
        "status": "PAID" if cents > 0 and cents == paid_cents else "OPEN",
    }
    made = _put(session, Bill(**(fields | given)))
    for number, (words, part) in enumerate((lines or {"Water": cents}).items(), 1):
        session.add(
            BillLine(
                bill_id=made.id,
                line=number,
                charge_code=words.upper()[:10],
                description=words,
                original_cents=part,
                adjusted_cents=0,
                abated_cents=0,
                paid_cents=0,
                balance_cents=part,
            )
        )
    session.add(
        BillInstallment(
            bill_id=made.id,
            installment=1,
            pay_by=made.due_date,
            amount_cents=cents,
            credits_cents=paid_cents,
            balance_cents=cents - paid_cents,
            interest_cents=0,
            due_cents=cents - paid_cents,
        )
    )
    session.flush()
    return made


def user(session: Session, **given: Any) -> User:
    """Add an active resident's sign-in."""
    fields: dict[str, Any] = {
        "email": f"resident{next(_numbers)}@example.com",
        "first_name": "Ana",
        "last_name": "Rivera",
        "status": "active",
        "activated_at": _NOON,
    }
    return _put(session, User(**(fields | given)))


def link(
    session: Session, user: User, account: Account, customer: Customer, **given: Any
) -> AccountLink:
    """Link `account` for `customer` to the sign-in `user`."""
    return _put(
        session,
        AccountLink(user_id=user.id, account_id=account.id, customer_id=customer.id, **given),
    )


def actor(user: User, **given: Any) -> Actor:
    """Return `user` as the one who asks, freshly signed in."""
    fields: dict[str, Any] = {
        "user_id": UserId(UUID(str(user.id))),
        "role": user.role,
        "session_hash": "0" * 64,
        "second_factor": user.role != "resident",
        "authenticated_at": _NOON,
        "ip": "192.0.2.1",
    }
    return Actor(**(fields | given))


def household(session: Session, **of_account: Any) -> tuple[User, Account, Customer]:
    """Add a resident with one linked account: the usual beginning of a test."""
    place, payer, resident = account(session, **of_account), customer(session), user(session)
    tenure(session, place, payer)
    link(session, resident, place, payer)
    return resident, place, payer
