"""The billing system's answers to our payments: ack.csv, and payments.csv rows with our numbers.

Whatever does not fit becomes a line on the staff's list; nothing is guessed.
"""

from portal.domain.exchange.faults import Fault, Faults, Said, shown
from portal.domain.exchange.staging import Sql
from portal.kit.text import N_


def apply(sql: Sql, faults: Faults) -> tuple[int, int]:
    """Write the acknowledged results to our posted rows. Returns (rows changed, rows at fault)."""
    unknown = sql.execute(
        "SELECT s.at_line, s.batch_id, s.seq FROM stage_ack s"
        " WHERE NOT EXISTS (SELECT FROM posting_row r"
        "  WHERE r.batch_id = s.batch_id AND r.seq = s.seq) ORDER BY s.at_line"
    ).fetchall()
    for line, batch_id, seq in unknown:
        why = Said(N_("is no row that was posted"))
        faults.add(Fault("ack.csv", line, "seq", shown(f"{batch_id} {seq}"), why))
    present = {
        str(row[0])
        for row in sql.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'stage_ack'::regclass AND attnum > 0"
        )
    }
    # A column that the file does not have keeps what an earlier answer said.
    reason = "coalesce(s.reason, '')" if "reason" in present else "r.result_reason"
    posted = "s.posted_date" if "posted_date" in present else "r.result_posted_date"
    receipt = "coalesce(s.receipt_no, '')" if "receipt_no" in present else "r.receipt_no"
    changed = sql.execute(
        f"UPDATE posting_row r SET result = s.result, result_reason = {reason},"
        f" result_posted_date = {posted}, receipt_no = {receipt}"
        " FROM stage_ack s WHERE r.batch_id = s.batch_id AND r.seq = s.seq"
        " AND (r.result, r.result_reason, r.result_posted_date, r.receipt_no)"
        f" IS DISTINCT FROM (s.result, {reason}, {posted}, {receipt})"
    ).rowcount
    # A refused or partly booked payment is money we hold and a bill that still looks unpaid there.
    # Another answer to the same row is another task; a refused reversal leads to its payment.
    sql.execute(
        "INSERT INTO staff_task (kind, reference, payment_id, detail, params)"
        " SELECT 'posting_' || lower(r.result),"
        "  'ack:' || r.batch_id || ':' || r.seq || ':' || r.result, i.payment_id,"
        "  %s, jsonb_build_object('number', r.portal_payment_id, 'result', r.result,"
        "   'reason', r.result_reason) FROM stage_ack s"
        " JOIN posting_row r ON r.batch_id = s.batch_id AND r.seq = s.seq"
        " LEFT JOIN payment_item i ON i.portal_payment_id"
        "  = coalesce(nullif(r.reverses_portal_payment_id, ''), r.portal_payment_id)"
        " WHERE r.result IN ('REJECTED','PARTIAL') ON CONFLICT (reference) DO NOTHING",
        (N_("%(number)s: %(result)s by the billing system. %(reason)s"),),
    )
    return changed, len(unknown)


def look_at_portal_payments(sql: Sql) -> None:
    """Put booked payments that carry a number of ours, and do not fit ours, on the staff's list.

    An unknown number deducts nothing: the balance rule only knows payments of ours.
    """
    ours = "nullif(s.portal_payment_id, '') IS NOT NULL"
    has_number = sql.execute(
        "SELECT 1 FROM pg_attribute WHERE attrelid = 'stage_payments'::regclass"
        " AND attname = 'portal_payment_id'"
    ).fetchone()
    if not has_number:
        return
    sql.execute(
        "INSERT INTO staff_task (kind, reference, detail, params)"
        " SELECT 'unknown_portal_payment', 'payments:' || s.payment_ref, %s,"
        "  jsonb_build_object('ref', s.payment_ref, 'number', s.portal_payment_id)"
        " FROM stage_payments s"
        f" WHERE {ours} AND NOT EXISTS (SELECT FROM payment_item i"
        "  WHERE i.portal_payment_id = s.portal_payment_id)"
        " AND NOT EXISTS (SELECT FROM posting_row r"
        "  WHERE r.portal_payment_id = s.portal_payment_id) ON CONFLICT (reference) DO NOTHING",
        (N_("%(ref)s carries the portal payment %(number)s, which the portal does not know."),),
    )
    sql.execute(
        "INSERT INTO staff_task (kind, reference, payment_id, detail, params)"
        " SELECT 'booked_otherwise', 'booked:' || s.payment_ref, i.payment_id, %s,"
        "  jsonb_build_object('ref', s.payment_ref, 'number', s.portal_payment_id,"
        "   'theirs', s.amount::text,"
        "   'ours', round((i.amount_cents - i.excess_cents) / 100.0, 2)::text,"
        "   'their_bill', s.bill_year || '-' || s.category || '-' || s.bill_no,"
        "   'our_bill', b.bill_year || '-' || b.category || '-' || b.bill_no)"
        " FROM stage_payments s JOIN payment_item i ON i.portal_payment_id = s.portal_payment_id"
        " JOIN bill b ON b.id = i.bill_id"
        f" WHERE {ours} AND s.activity = 'PAYMENT' AND ((s.amount * 100)::bigint"
        "  <> i.excess_cents - i.amount_cents"
        "  OR (b.bill_year, b.category, b.bill_no) <> (s.bill_year, s.category, s.bill_no))"
        " ON CONFLICT (reference) DO NOTHING",
        (
            N_(
                "%(ref)s books the portal payment %(number)s with %(theirs)s on bill"
                " %(their_bill)s; the portal took %(ours)s for bill %(our_bill)s."
            ),
        ),
    )
