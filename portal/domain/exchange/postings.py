"""Out: a business day's payments for the billing system, closed once and never changed.

The batch keeps the bytes it was closed with: the same day run again gives the same files. What is
accepted after a day was closed goes into the next batch, so nothing is lost and nothing is sent
twice (one row a payment item and record, by a unique constraint).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlmodel import Session, func, select

from portal.domain.exchange.changes import take_contact_changes, take_delivery_changes
from portal.domain.exchange.layouts import file_of
from portal.domain.exchange.written import instant, safe, sha256_of
from portal.kit.errors import DomainError
from portal.kit.money import plain_dollars
from portal.kit.text import N_
from portal.models.exchange import PostingBatch, PostingRow

_LOCK = 0x504F5354
_TENDERS = {"card": "CARD", "ach": "ECHECK"}


class TooEarly(DomainError):
    """A day whose payments are still to come."""

    code = "batch_too_early"


@dataclass(frozen=True)
class Batch:
    """A closed batch and its files, by name. Totals in cents."""

    batch_id: str
    business_date: date
    rows: int
    pay_total: int
    reverse_total: int
    files: dict[str, str]
    closed_now: bool


# Accepted and not yet sent: what the bill took of each item, when it was accepted.
_TO_PAY = """
SELECT i.portal_payment_id, i.bill_id, i.amount_cents - i.excess_cents AS cents,
  p.method, p.processor_ref, p.payer_name, p.effective_date,
  coalesce((SELECT min(e.at) FROM payment_event e WHERE e.payment_id = p.id
    AND e.to_status IN ('processing','succeeded')), p.settled_at, p.created_at) AS accepted_at
FROM payment p JOIN payment_item i ON i.payment_id = p.id
WHERE p.status IN ('processing','succeeded') AND p.business_date <= :day
  AND i.amount_cents > i.excess_cents
  AND NOT EXISTS (SELECT FROM posting_row r
    WHERE r.record = 'PAY' AND r.portal_payment_id = i.portal_payment_id)
ORDER BY p.number, i.seq
"""
# Sent, and then the money went back: a returned bank debit.
_TO_REVERSE = """
SELECT i.portal_payment_id, i.bill_id, sent.amount_cents AS cents,
  p.method, p.processor_ref, p.payer_name, p.effective_date,
  coalesce((SELECT max(e.at) FROM payment_event e WHERE e.payment_id = p.id
    AND e.to_status IN ('failed','canceled')), p.settled_at, p.created_at) AS accepted_at
FROM payment p JOIN payment_item i ON i.payment_id = p.id
JOIN posting_row sent ON sent.record = 'PAY' AND sent.portal_payment_id = i.portal_payment_id
WHERE p.status IN ('failed','canceled')
  AND NOT EXISTS (SELECT FROM posting_row r
    WHERE r.record = 'REVERSE' AND r.reverses_portal_payment_id = i.portal_payment_id)
ORDER BY p.number, i.seq
"""
_BILL = """
SELECT b.id, b.bill_year, b.category, b.bill_no, coalesce(a.account_no, '') AS account_no, c.cid
FROM bill b LEFT JOIN account a ON a.id = b.account_id JOIN customer c ON c.id = b.customer_id
WHERE b.id = ANY(:ids)
"""


def close_batch(session: Session, day: date, *, latest: date, now: datetime) -> Batch:
    """Close the batch of the business day `day`, or return it as it was closed.

    `latest` is the business day that payments made now are booked on: later days are refused
    (TooEarly), since all of their payments are still to come.
    """
    session.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    known = session.exec(select(PostingBatch).where(PostingBatch.business_date == day)).first()
    if known:
        return _batch(known, closed_now=False)
    if day > latest:
        raise TooEarly(
            N_("Payments made now are posted on %(latest)s: a batch for %(day)s cannot be closed."),
            latest=latest.isoformat(),
            day=day.isoformat(),
        )
    number = session.exec(select(func.count()).select_from(PostingBatch)).one() + 1
    batch_id = f"P{number:06d}"
    lines = list(_lines(session, batch_id, day))
    pay = sum(row.amount_cents for row, _ in lines if row.record == "PAY")
    reverse = sum(row.amount_cents for row, _ in lines if row.record == "REVERSE")
    posting = file_of(
        "payment_posting",
        [cells for _, cells in lines],
        (batch_id, len(lines), plain_dollars(pay), plain_dollars(reverse)),
    )
    files = dict(
        (
            posting,
            # No city charges a fee yet; the file is there so that a job that fetches it finds it.
            file_of("fees", ()),
            file_of("delivery_changes", take_delivery_changes(session, now)),
            file_of("contact_changes", take_contact_changes(session, now)),
        )
    )
    batch = PostingBatch(
        batch_id=batch_id,
        business_date=day,
        closed_at=now,
        row_count=len(lines),
        pay_total_cents=pay,
        reverse_total_cents=reverse,
        sha256=sha256_of(posting[1]),
        files=files,
    )
    session.add(batch)
    session.flush()
    session.add_all(row for row, _ in lines)
    session.flush()
    return _batch(batch, closed_now=True)


def _batch(row: PostingBatch, *, closed_now: bool) -> Batch:
    return Batch(
        row.batch_id,
        row.business_date,
        row.row_count,
        row.pay_total_cents,
        row.reverse_total_cents,
        dict(row.files),
        closed_now,
    )


def _lines(
    session: Session, batch_id: str, day: date
) -> Iterator[tuple[PostingRow, tuple[object, ...]]]:
    found = [("PAY", row) for row in session.execute(text(_TO_PAY), {"day": day})]
    found += [("REVERSE", row) for row in session.execute(text(_TO_REVERSE))]
    bills = {
        row.id: row
        for row in session.execute(text(_BILL), {"ids": [row.bill_id for _, row in found]})
    }
    for seq, (record, row) in enumerate(found, start=1):
        bill = bills[row.bill_id]
        reverses = row.portal_payment_id if record == "REVERSE" else ""
        own_id = f"{row.portal_payment_id}-R" if reverses else row.portal_payment_id
        yield (
            PostingRow(
                batch_id=batch_id,
                seq=seq,
                record=record,
                portal_payment_id=own_id,
                reverses_portal_payment_id=reverses,
                bill_id=row.bill_id,
                amount_cents=row.cents,
            ),
            (
                batch_id,
                seq,
                record,
                own_id,
                reverses,
                bill.bill_year,
                bill.category,
                bill.bill_no,
                "",
                bill.account_no,
                bill.cid,
                plain_dollars(row.cents),
                _TENDERS.get(row.method, "OTHER"),
                "STRIPE",
                safe(row.processor_ref or ""),
                row.effective_date.isoformat(),
                instant(row.accepted_at),
                safe(row.payer_name),
            ),
        )
