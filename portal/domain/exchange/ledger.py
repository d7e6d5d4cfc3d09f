"""Imported balances in the ledger: one booking a folder, entries only for bills that moved.

The billing system's books stay the books of record. Ours follow: after a folder, each touched
bill's receivable here equals its imported balance less the portal's own money not yet booked there
(docs/decisions/0004).
"""

from datetime import datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

from portal.domain.exchange.staging import Sql
from portal.kit.clock import local_date

# What each touched bill's receivable should be, less what it is.
_DIFFERENCES = """
CREATE TEMP TABLE receivable_difference ON COMMIT DROP AS
SELECT b.id AS bill_id,
  CASE WHEN b.status IN ('VOID','WRITTENOFF') THEN 0 ELSE b.balance_cents END
  - coalesce((SELECT sum(i.amount_cents - i.excess_cents) FROM payment_item i
      JOIN payment p ON p.id = i.payment_id
      WHERE i.bill_id = b.id AND p.status IN ('succeeded','processing')
      AND NOT EXISTS (SELECT FROM bill_activity a
        WHERE a.portal_payment_id = i.portal_payment_id)), 0)
  - coalesce((SELECT sum(e.amount_cents) FROM ledger_entry e
      WHERE e.bill_id = b.id AND e.ledger_account = 'receivable'), 0) AS cents
FROM (SELECT DISTINCT bill_id FROM touched_bill) t JOIN bill b ON b.id = t.bill_id
"""


def book_imported(sql: Sql, now: datetime, as_of: datetime, zone: ZoneInfo) -> int:
    """Debit receivable and credit revenue with what this folder changed. Returns entries made."""
    sql.execute("ANALYZE touched_bill")
    sql.execute(_DIFFERENCES)
    sql.execute("DELETE FROM receivable_difference WHERE cents = 0")
    row = sql.execute(
        "SELECT count(*), coalesce(sum(cents), 0) FROM receivable_difference"
    ).fetchone()
    count, total = (int(row[0]), int(row[1])) if row else (0, 0)
    if not count:
        return 0
    tx_id = uuid4()
    day = local_date(as_of, zone)
    sql.execute(
        "INSERT INTO ledger_tx (id, reference, kind, effective_date, business_date, at, actor)"
        " VALUES (%s, %s, 'bill_import', %s, %s, %s, 'system')",
        (tx_id, f"import:{tx_id}", day, day, now),
    )
    sql.execute(
        "INSERT INTO ledger_entry (tx_id, ledger_account, bill_id, amount_cents)"
        " SELECT %s, 'receivable', bill_id, cents FROM receivable_difference",
        (tx_id,),
    )
    sql.execute(
        "INSERT INTO ledger_entry (tx_id, ledger_account, amount_cents) VALUES (%s, 'revenue', %s)",
        (tx_id, -total),
    )
    return count
