"""What never came back: payments sent to the billing system that its files do not show."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlmodel import Session

from portal.kit.text import N_

# Two weekends and a holiday may pass before a night's file holds what was posted.
PATIENCE = timedelta(days=7)

_UNBOOKED = text(
    """
    INSERT INTO staff_task (kind, reference, payment_id, detail, params)
    SELECT 'not_booked', 'unbooked:' || r.portal_payment_id, p.id,
      :detail, jsonb_build_object('number', r.portal_payment_id, 'batch', r.batch_id,
        'day', to_char(b.closed_at, 'YYYY-MM-DD'))
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
    detail = N_(
        "%(number)s was sent in batch %(batch)s on %(day)s and is in no payments file since."
    )
    return len(session.execute(_UNBOOKED, {"before": now - PATIENCE, "detail": detail}).all())
