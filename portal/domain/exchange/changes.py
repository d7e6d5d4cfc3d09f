"""Out: what residents changed or asked for, once each, in the batch of the day."""

from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from portal.domain.exchange.written import instant, safe


def take_delivery_changes(session: Session, now: datetime) -> list[tuple[object, ...]]:
    """Return the rows of delivery_changes: every change not yet sent; they are sent now."""
    rows = session.execute(
        text(
            "UPDATE delivery_change d SET exported_at = :now FROM account a, customer c,"
            " user_account u WHERE d.exported_at IS NULL AND a.id = d.account_id"
            " AND c.id = d.customer_id AND u.id = d.user_id RETURNING d.id, a.account_no, c.cid,"
            " d.old, d.new, d.email, d.consent_version, d.consented_at, u.email AS actor"
        ),
        {"now": now},
    ).all()
    return [
        (
            row.id,
            row.account_no,
            row.cid,
            row.old,
            row.new,
            safe(row.email),
            safe(row.consent_version),
            instant(row.consented_at),
            safe(row.actor),
        )
        for row in sorted(rows, key=lambda row: (row.consented_at, str(row.id)))
    ]


def take_contact_changes(session: Session, now: datetime) -> list[tuple[object, ...]]:
    """Return the rows of contact_changes: every approved request not yet sent; sent now."""
    rows = session.execute(
        text(
            "UPDATE contact_request r SET exported_at = :now FROM account a, customer c,"
            " user_account s WHERE r.exported_at IS NULL AND r.status = 'approved'"
            " AND a.id = r.account_id AND c.id = r.customer_id AND s.id = r.decided_by"
            " RETURNING r.reference, a.account_no, c.cid, r.fields, r.requested_at,"
            " s.email AS approved_by, r.decided_at"
        ),
        {"now": now},
    ).all()
    return [
        (
            f"{row.reference}-{place}",
            row.account_no,
            row.cid,
            field,
            safe(old),
            safe(new),
            instant(row.requested_at),
            safe(row.approved_by),
            instant(row.decided_at),
        )
        for row in sorted(rows, key=lambda row: (row.decided_at, row.reference))
        for place, (field, (old, new)) in enumerate(sorted(row.fields.items()), start=1)
    ]
