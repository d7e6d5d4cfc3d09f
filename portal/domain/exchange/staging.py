"""Temporary tables that a folder's files are copied into before anything is judged or stored.

They are typed (the reader lets nothing through that PostgreSQL would refuse), live in this
transaction only, and vanish with it: a killed import leaves nothing behind.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

from psycopg import Cursor

from portal.domain.exchange.faults import Refused
from portal.domain.exchange.manifest import Entry, hash_differs
from portal.domain.exchange.reader import Header, Reader, Reading
from portal.domain.exchange.spec import FILES, File, Kind
from portal.kit.money import plain_dollars
from portal.kit.text import N_

Sql: TypeAlias = "Cursor[Any]"

_TYPES = {
    Kind.INT: "integer",
    Kind.MONEY: "numeric",
    Kind.QUANTITY: "numeric",
    Kind.RATE: "numeric",
    Kind.DATE: "date",
    Kind.OPEN: "date",
    Kind.FLAG: "boolean",
}
SEPARATOR = "chr(31)"
_HELPERS = (
    "bad_line",
    "bad_row",
    "touched_bill",
    "omitted_keys",
    "sum_bill_lines",
    "sum_bill_installments",
    "receivable_difference",
)


def stage(file: File) -> str:
    """Return the name of the file's staging table."""
    return f"stage_{file.stem}"


def key_text(file: File, alias: str = "s", names: Sequence[str] | None = None) -> str:
    """Return SQL for a row's key as one text, as `bad_row` keeps it."""
    return f" || {SEPARATOR} || ".join(
        f'{alias}."{name}"::text' for name in (names if names is not None else file.key)
    )


def prepare(sql: Sql) -> None:
    """Make the tables that note rows at fault. Memory limits are for this transaction."""
    for name in (*_HELPERS, *(stage(file) for file in FILES)):
        sql.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
    sql.execute("SET LOCAL work_mem = '64MB'")
    sql.execute("SET LOCAL maintenance_work_mem = '64MB'")
    # A killed importer's backend notices at once that nobody listens, and lets go of the lock.
    sql.execute("SET LOCAL client_connection_check_interval = '500ms'")
    sql.execute(
        "CREATE TEMP TABLE bad_line"
        " (line integer, col text, val text, msg text, params jsonb, child boolean,"
        " own_key boolean) ON COMMIT DROP"
    )
    # The keys of rows left out: their children are left out too, and FULL does not close them.
    sql.execute("CREATE TEMP TABLE bad_row (file text, key text) ON COMMIT DROP")
    sql.execute("CREATE TEMP TABLE touched_bill (bill_id uuid) ON COMMIT DROP")


def _create(sql: Sql, file: File, header: Header) -> None:
    cells = [
        f'"{column.name}" {_TYPES.get(column.kind, "text")}' if column else f"extra_{place} text"
        for place, column in enumerate(header.columns)
    ]
    sql.execute(
        f"CREATE TEMP TABLE {stage(file)} (at_line integer, {', '.join(cells)}) ON COMMIT DROP"
    )


def load(sql: Sql, reader: Reader, entry: Entry) -> Reading:
    """Copy one file into its staging table and compare rows, hash and total with the manifest.

    Raises Refused naming the file and the figure that differs. Where rows are at fault their
    money is missing from the total, which is then compared by `money_difference` alone.
    """
    reading = reader.reading
    file = reading.file
    _create(sql, file, reading.header)
    with sql.copy(
        f"COPY {stage(file)} FROM STDIN WITH (FORMAT text, DELIMITER ',', NULL '')"
    ) as copy:
        for block in reader.rows_for_copy():
            copy.write(block)
    if reading.sha256 != entry.sha256:
        raise hash_differs(entry, reading.sha256)
    if reading.rows != entry.rows:
        raise Refused(
            N_("%(file)s: the manifest says %(stated)s rows, the file has %(found)s."),
            file=file.name,
            stated=entry.rows,
            found=reading.rows,
        )
    if reading.bad_keys:
        with sql.copy("COPY bad_row FROM STDIN") as copy:
            for key in reading.bad_keys:
                copy.write_row((file.name, key.replace("\x00", "")))
    if not reading.bad_rows and money_difference(sql, file, entry):
        raise Refused(
            N_("%(file)s: by the manifest %(column)s totals %(stated)s, in the file %(found)s."),
            file=file.name,
            column=file.money,
            stated=plain_dollars(entry.money_cents or 0),
            found=plain_dollars((entry.money_cents or 0) - money_difference(sql, file, entry)),
        )
    sql.execute(f"ANALYZE {stage(file)}")
    return reading


def money_difference(sql: Sql, file: File, entry: Entry) -> int:
    """Return the manifest's total less what is staged now, in cents."""
    if not file.money:
        return 0
    found = sql.execute(
        f'SELECT coalesce((sum("{file.money}") * 100)::bigint, 0) FROM {stage(file)}'
    ).fetchone()
    return (entry.money_cents or 0) - int(found[0] if found else 0)
