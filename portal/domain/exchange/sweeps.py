"""What never came back: payments sent to the billing system that its files do not show."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlmodel import Session

# Two weekends and a holiday may pass before a night's file holds what was posted.
PATIENCE = timedelta(days=7)

_UNBOOKED = text(
    """
    INSERT INTO staff_task (kind, reference, payment_id, detail)
    SELECT 'not_booked', 'unbooked:' || r.portal_payment_id, p.id,
      r.portal_payment_id || ' was sent in batch ' || r.batch_id || ' on '
      || to_char(b.closed_at, 'YYYY-MM-DD') || ' and is in no payments file since.'
    FROM posting_row r
    JOIN posting_batch b ON b.batch_id = r.batch_id
    JOIN payment_item i ON i.portal_payment_id = r.portal_payment_id
    JOIN payment p ON p.id = i.payment_id
    WHERE r.record = 'PAY' AND r.result <> 'REJECTED' AND b.closed_at <= :before
      AND p.status IN ('processing', 'succeeded')
      AND NOT EXISTS (SELECT FROM bill_activity a
        WHERE a.portal_payment_id = r.portal_payment_id)
    ON CONFLICT (reference) DO NOTHING
    RETURNING 1
    """
)


def note_unbooked(session: Session, *, now: datetime) -> int:
    """Put payments posted a week ago and booked nowhere on the staff's list; return how many.

    Each is put there once. They go on being deducted: the money was taken.
    """
    return len(session.execute(_UNBOOKED, {"before": now - PATIENCE}).all())
