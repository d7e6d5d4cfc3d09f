"""From the staging tables into ours: one MERGE a file, made from the contract, and FULL's closings.

A row that is already as sent is not written again, so that importing a folder twice writes nothing.
"""

from dataclasses import dataclass
from datetime import date

from portal.domain.exchange.checks import METER_OF_READ
from portal.domain.exchange.faults import Refused
from portal.domain.exchange.reader import Header
from portal.domain.exchange.spec import BY_NAME, Column, File, Kind, Reference
from portal.domain.exchange.staging import SEPARATOR, Sql, stage
from portal.kit.text import N_

MOST_CLOSED_PERCENT = 10
# The bills whose receivable the ledger looks at afterwards: those whose own row moved (a new one
# that owes nothing has none), and those on which a payment of ours was booked.
_TOUCHED = {
    "bill": "CASE WHEN merge_action() = 'UPDATE' OR t.balance_cents <> 0 THEN t.id END",
    "bill_activity": "CASE WHEN t.portal_payment_id <> '' THEN t.bill_id END",
}


def _value(column: Column) -> str:
    cell = f's."{column.name}"'
    if column.kind in (Kind.TEXT, Kind.KEY, Kind.NAME, Kind.WORD):
        if column.name == "remote_id":
            # The networks write the same meter with and without a B before its number.
            return f"regexp_replace(coalesce({cell}, ''), '^B(?=[0-9])', '')"
        return f"coalesce({cell}, '')"
    if column.kind is Kind.MONEY:
        return f"({cell} * 100)::bigint"
    if column.kind is Kind.OPEN:
        return f"nullif({cell}, DATE '9999-12-31')"
    return cell


def _nothing(column: Column) -> str:
    """Return what stands for an absent column: empty text, or NULL of its type."""
    if column.kind in (Kind.TEXT, Kind.KEY, Kind.NAME, Kind.WORD):
        return "''"
    return {Kind.INT: "NULL::integer", Kind.DATE: "NULL::date", Kind.OPEN: "NULL::date"}.get(
        column.kind, "NULL::numeric"
    )


def _join(place: int, reference: Reference) -> tuple[str, str]:
    """Return (FROM part, alias) that resolves a reference."""
    alias = {"accounts.csv": "a", "customers.csv": "c", "bills.csv": "b"}[reference.parent]
    parent = BY_NAME[reference.parent]
    same = " AND ".join(
        f'{alias}."{theirs}" = s."{ours}"'
        for theirs, ours in zip(parent.key, reference.columns, strict=True)
    )
    kind = "LEFT JOIN" if reference.optional else "JOIN"
    return f"{kind} {parent.table} {alias} ON {same}", alias


@dataclass(frozen=True)
class _Plan:
    values: dict[str, str]  # column of the table -> SQL
    sources: str
    keys: tuple[str, ...]  # the table's columns of the contract's key
    kept: frozenset[str]  # columns that a DELTA without them leaves as they are


def _plan(file: File, header: Header) -> _Plan:
    referring = {name for reference in file.references for name in reference.columns}
    values: dict[str, str] = {}
    kept: set[str] = set()
    keys: list[str] = []
    sources = [f"FROM {stage(file)} s"]
    for place, reference in enumerate(file.references):
        if set(reference.columns) <= header.present:
            join, alias = _join(place, reference)
            sources.append(join)
            values[reference.target] = f"{alias}.id"
        else:
            values[reference.target] = "NULL::uuid"
            kept.add(reference.target)
        if set(reference.columns) <= set(file.key):
            keys.append(reference.target)
    for column in file.columns:
        if column.name in referring:
            continue
        if column.name in file.key:
            keys.append(column.stored)
        if column.name in header.present:
            values[column.stored] = _value(column)
        else:
            values[column.stored] = _nothing(column)
            kept.add(column.stored)
    values.update(file.derived)
    if file.name == "reads.csv":
        values["meter_id"] = f"(SELECT min(m.id::text)::uuid FROM meter m WHERE {METER_OF_READ})"
    return _Plan(values, " ".join(sources), tuple(keys), frozenset(kept))


def merge(sql: Sql, file: File, header: Header, *, full: bool) -> tuple[int, int]:
    """Insert what is new and update what differs. Returns (new, changed)."""
    plan = _plan(file, header)
    select = ", ".join(f'{value} AS "{name}"' for name, value in plan.values.items())
    same = " AND ".join(f't."{name}" = s."{name}"' for name in plan.keys)
    written = [
        name for name in plan.values if name not in plan.keys and (full or name not in plan.kept)
    ]
    differs = "({}) IS DISTINCT FROM ({})".format(
        ", ".join(f't."{name}"' for name in written), ", ".join(f's."{name}"' for name in written)
    )
    update = ", ".join(f'"{name}" = s."{name}"' for name in written)
    names = ", ".join(f'"{name}"' for name in plan.values)
    inserted = ", ".join(f's."{name}"' for name in plan.values)
    bill = _TOUCHED.get(file.table)
    touch = (
        ", touch AS (INSERT INTO touched_bill SELECT bill FROM done WHERE bill IS NOT NULL)"
        if bill
        else ""
    )
    row = sql.execute(
        f"WITH done AS (MERGE INTO {file.table} t USING (SELECT {select} {plan.sources}) s"
        f" ON {same} WHEN MATCHED AND {differs} THEN UPDATE SET {update}"
        f" WHEN NOT MATCHED THEN INSERT ({names}) VALUES ({inserted})"
        f" RETURNING merge_action() AS act, {bill or 'NULL::uuid'} AS bill){touch}"
        " SELECT count(*) FILTER (WHERE act = 'INSERT'), count(*) FILTER (WHERE act = 'UPDATE')"
        " FROM done"
    ).fetchone()
    new, changed = (int(row[0]), int(row[1])) if row else (0, 0)
    if new + changed > 10_000:
        sql.execute(f"ANALYZE {file.table}")
    return new, changed


def _natural_key(file: File) -> str:
    """Return SQL for a stored row's key as `bad_row` keeps it."""
    parts = []
    for name in file.key:
        if name == "account_no" and file.table != "account":
            parts.append("(SELECT p.account_no FROM account p WHERE p.id = t.account_id)")
        elif name == "cid" and file.table != "customer":
            parts.append("(SELECT p.cid FROM customer p WHERE p.id = t.customer_id)")
        else:
            parts.append(f't."{name}"::text')
    return f" || {SEPARATOR} || ".join(parts)


def open_rows(sql: Sql, file: File) -> int:
    """Return how many stored rows of the file are open now."""
    if file.closing is None:
        return 0
    row = sql.execute(
        f"SELECT count(*) FROM {file.table} t WHERE {file.closing.open_sql}"
    ).fetchone()
    return int(row[0]) if row else 0


def close_omitted(
    sql: Sql, file: File, header: Header, day: date, *, known: int, force: bool
) -> int:
    """Close the open rows that a FULL file omits, as of the city's date `day`. Returns how many.

    A row left out because it was at fault is not omitted. Raises Refused where more than 10 % of
    the `known` accounts, open before this folder, would close, unless forced.
    """
    closing = file.closing
    if closing is None:
        return 0
    plan = _plan(file, header)
    select = ", ".join(f'{plan.values[name]} AS "{name}"' for name in plan.keys)
    same = " AND ".join(f'k."{name}" = t."{name}"' for name in plan.keys)
    omitted = (
        f"{closing.open_sql} AND NOT EXISTS (SELECT FROM omitted_keys k WHERE {same})"
        f" AND NOT EXISTS (SELECT FROM bad_row b WHERE b.file = '{file.name}'"
        f" AND b.key = {_natural_key(file)})"
    )
    sql.execute("DROP TABLE IF EXISTS omitted_keys")
    sql.execute(f"CREATE TEMP TABLE omitted_keys ON COMMIT DROP AS SELECT {select} {plan.sources}")
    sql.execute("ANALYZE omitted_keys")
    done = sql.execute(f"UPDATE {file.table} t SET {closing.set_sql} WHERE {omitted}", {"day": day})
    closes = done.rowcount
    if file.table == "account" and not force and 100 * closes > MOST_CLOSED_PERCENT * known:
        raise Refused(
            N_(
                "accounts.csv is FULL and omits %(closes)s of %(known)s open accounts:"
                " closing more than 10 %% of them has to be forced."
            ),
            closes=closes,
            known=known,
        )
    return closes
