"""What can only be judged with the other rows at hand: keys, references, balances, sums."""

from collections.abc import Mapping

from psycopg.types.json import Jsonb

from portal.domain.exchange.faults import Fault, Faults, Said, shown
from portal.domain.exchange.reader import Reading
from portal.domain.exchange.spec import BY_NAME, File
from portal.domain.exchange.staging import Sql, key_text, stage
from portal.kit.text import N_

_BALANCE = (
    "s.billed + s.adjusted - s.abated - s.paid + s.refunded - s.written_off"
    " + s.penalty_due + s.interest_due"
)


def check(sql: Sql, file: File, readings: Mapping[str, Reading], faults: Faults) -> tuple[int, int]:
    """Judge a staged file, take rows at fault out of it, and report them.

    Parents are judged and stored before their children. Returns (own faults, rows left out
    because their parent was).
    """
    reading = readings[file.name]
    sql.execute("TRUNCATE bad_line")
    bad_parents = sql.execute("SELECT DISTINCT file FROM bad_row").fetchall()
    parents = {str(row[0]) for row in bad_parents}
    for reference in file.references:
        if reference.parent in parents:
            _children_of_bad(sql, file, reading, reference.parent, reference.columns)
    _duplicates(sql, file)
    for reference in file.references:
        if set(reference.columns) <= reading.header.present:
            _unknown(sql, file, reference.parent, reference.columns, reference.optional)
    for first, last in file.periods:
        if {first, last} <= reading.header.present:
            _note(
                sql,
                file,
                last,
                Said(N_("stands before %(other)s"), other=first),
                f'FROM {stage(file)} s WHERE s."{last}" < s."{first}"',
            )
    if file.name == "bills.csv":
        _bills(sql, readings)
    if file.name == "bill_installments.csv":
        _note(
            sql,
            file,
            "balance",
            Said(N_("is not amount less credits")),
            f"FROM {stage(file)} s WHERE s.balance <> s.amount - s.credits",
        )
    if file.name in ("bill_lines.csv", "bill_installments.csv"):
        _parts_of_stored_bills(sql, file, readings)
    if file.name == "reads.csv":
        _two_meters(sql, file)
    return _take_out(sql, file, faults)


def _note(
    sql: Sql,
    file: File,
    column: str,
    why: Said,
    source: str,
    *,
    child: bool = False,
    own_key: bool = True,
) -> None:
    """Note every row of `source` (a FROM clause over alias s)."""
    sql.execute(
        f'INSERT INTO bad_line SELECT s.at_line, %s, s."{column}"::text, %s, %s, %s, %s {source}',
        (column, why.message, Jsonb(why.params), child, own_key),
    )


def _children_of_bad(
    sql: Sql, file: File, reading: Reading, parent: str, columns: tuple[str, ...]
) -> None:
    if not set(columns) <= reading.header.present:
        return
    _note(
        sql,
        file,
        columns[-1],
        Said("left out with its parent"),  # counted, and never shown
        f"FROM {stage(file)} s JOIN (SELECT DISTINCT key FROM bad_row WHERE file = '{parent}') b"
        f" ON b.key = {key_text(file, 's', columns)}",
        child=True,
    )


def _duplicates(sql: Sql, file: File) -> None:
    columns = ", ".join(f's."{name}"' for name in file.key)
    same = " AND ".join(f'd."{name}" = s."{name}"' for name in file.key)
    _note(
        sql,
        file,
        file.key[-1],
        Said(N_("repeats the key of a row above")),
        f"FROM {stage(file)} s JOIN (SELECT {columns}, min(s.at_line) AS first FROM {stage(file)} s"
        f" GROUP BY {columns} HAVING count(*) > 1) d ON {same} WHERE s.at_line <> d.first",
        own_key=False,
    )


def _unknown(sql: Sql, file: File, parent: str, columns: tuple[str, ...], optional: bool) -> None:
    other = BY_NAME[parent]
    same = " AND ".join(
        f'p."{theirs}" = s."{ours}"' for theirs, ours in zip(other.key, columns, strict=True)
    )
    given = f'AND s."{columns[0]}" IS NOT NULL' if optional else ""
    _note(
        sql,
        file,
        columns[-1],
        Said(N_("is not in %(file)s and not stored"), file=parent),
        f"FROM {stage(file)} s WHERE NOT EXISTS (SELECT FROM {other.table} p WHERE {same}) {given}",
    )


def _bills(sql: Sql, readings: Mapping[str, Reading]) -> None:
    bills = BY_NAME["bills.csv"]
    _note(
        sql,
        bills,
        "balance",
        Said(
            N_(
                "is not billed + adjusted - abated - paid + refunded - written_off"
                " + penalty_due + interest_due"
            )
        ),
        f"FROM stage_bills s WHERE s.balance <> {_BALANCE}",
    )
    same = "USING (bill_year, category, bill_no) WHERE s.status <> 'VOID' AND"
    if "bill_lines.csv" in readings:
        _note(
            sql,
            bills,
            "billed",
            Said(N_("is not the sum of its lines' original")),
            f"FROM stage_bills s JOIN sum_bill_lines l {same} l.original <> s.billed",
        )
        _note(
            sql,
            bills,
            "balance",
            Said(N_("less penalty and interest is not the sum of its lines' balances")),
            f"FROM stage_bills s JOIN sum_bill_lines l {same}"
            " l.balance <> s.balance - s.penalty_due - s.interest_due",
        )
    if "bill_installments.csv" in readings:
        _note(
            sql,
            bills,
            "balance",
            Said(N_("less penalty and interest is not the sum of its installments' balances")),
            f"FROM stage_bills s JOIN sum_bill_installments i {same}"
            " i.balance <> s.balance - s.penalty_due - s.interest_due",
        )
        _note(
            sql,
            bills,
            "due_date",
            Said(N_("is not the pay_by of the first open installment")),
            f"FROM stage_bills s JOIN sum_bill_installments i {same}"
            " s.status IN ('OPEN','LIENED') AND i.first_open <> s.due_date",
        )


def _parts_of_stored_bills(sql: Sql, file: File, readings: Mapping[str, Reading]) -> None:
    """Judge lines or installments whose bill is not in the folder by the bill as stored."""
    lines = file.name == "bill_lines.csv"
    wrong = "t.balance <> (b.balance_cents - b.penalty_due_cents - b.interest_due_cents) / 100.0"
    if lines:
        wrong += " OR t.original <> b.billed_cents / 100.0"
    in_folder = (
        "AND NOT EXISTS (SELECT FROM stage_bills n WHERE n.bill_year = s.bill_year"
        " AND n.category = s.category AND n.bill_no = s.bill_no)"
        if "bills.csv" in readings
        else ""
    )
    _note(
        sql,
        file,
        "balance",
        Said(N_("with its bill's other rows does not sum to the bill as stored")),
        f"FROM {stage(file)} s JOIN sum_{file.stem} t USING (bill_year, category, bill_no)"
        " JOIN bill b USING (bill_year, category, bill_no)"
        f" WHERE b.status <> 'VOID' AND ({wrong}) {in_folder}",
    )


def prepare_sums(sql: Sql, readings: Mapping[str, Reading]) -> None:
    """Sum lines and installments by bill, as they will stand: those sent and those kept.

    Only bills with at least one such row in the folder are judged by their sums.
    """
    if "bill_lines.csv" in readings:
        _sum(sql, "bill_lines", "bill_line", "line", "original", "NULL::date")
    if "bill_installments.csv" in readings:
        _sum(sql, "bill_installments", "bill_installment", "installment", "amount", "x.pay_by")


def _sum(sql: Sql, stem: str, table: str, number: str, original: str, pay_by: str) -> None:
    sql.execute(
        f"CREATE TEMP TABLE sum_{stem} ON COMMIT DROP AS SELECT bill_year, category, bill_no,"
        f" sum(x.{original}) AS original, sum(x.balance) AS balance,"
        f" min({pay_by}) FILTER (WHERE x.balance > 0) AS first_open"
        f" FROM stage_{stem} x GROUP BY 1, 2, 3"
    )
    sql.execute(f"ANALYZE sum_{stem}")
    sql.execute(
        f"UPDATE sum_{stem} t SET original = t.original + k.original,"
        " balance = t.balance + k.balance, first_open = least(t.first_open, k.first_open)"
        " FROM (SELECT b.bill_year, b.category, b.bill_no,"
        f"  sum(x.{original}_cents) / 100.0 AS original, sum(x.balance_cents) / 100.0 AS balance,"
        f"  min({pay_by}) FILTER (WHERE x.balance_cents > 0) AS first_open"
        f" FROM sum_{stem} u JOIN bill b USING (bill_year, category, bill_no)"
        f" JOIN {table} x ON x.bill_id = b.id"
        f" WHERE NOT EXISTS (SELECT FROM stage_{stem} n WHERE n.bill_year = b.bill_year"
        f"  AND n.category = b.category AND n.bill_no = b.bill_no AND n.{number} = x.{number})"
        " GROUP BY 1, 2, 3) k WHERE k.bill_year = t.bill_year AND k.category = t.category"
        " AND k.bill_no = t.bill_no"
    )


# A read names its serial without the manufacturer: the meter at that account, service and date
# is meant. On the day of an exchange the old meter's last read may carry its removal date.
METER_OF_READ = (
    "m.serial_no = s.serial_no AND m.account_id = a.id AND m.service_code = s.service_code"
    " AND m.service_seq = s.service_seq AND m.connected <= s.read_date"
    " AND (m.removed IS NULL OR m.removed > s.read_date OR (m.removed = s.read_date"
    "  AND s.transaction <> 'REPLACE_IN'))"
)


def _two_meters(sql: Sql, file: File) -> None:
    _note(
        sql,
        file,
        "serial_no",
        Said(N_("is two meters at that account and service on that date")),
        f"FROM {stage(file)} s WHERE s.at_line IN (SELECT s.at_line FROM {stage(file)} s"
        " JOIN account a ON a.account_no = s.account_no"
        f" JOIN meter m ON {METER_OF_READ} GROUP BY s.at_line"
        " HAVING count(DISTINCT m.manufacturer) > 1)",
    )


def _take_out(sql: Sql, file: File, faults: Faults) -> tuple[int, int]:
    """Remove the noted rows from the staging table, remember their keys, report them."""
    row = sql.execute(
        "SELECT count(DISTINCT line), count(DISTINCT line) FILTER (WHERE child) FROM bad_line"
    ).fetchone()
    bad, children = (int(row[0]), int(row[1])) if row else (0, 0)
    if not bad:
        return 0, 0
    found = sql.execute(
        "SELECT line, col, coalesce(val, ''), msg, params FROM bad_line WHERE NOT child"
        " AND line NOT IN (SELECT line FROM bad_line WHERE child) ORDER BY line"
    )
    for line, column, value, message, params in found:
        faults.add(Fault(file.name, line, column, shown(value), Said(message, **params)))
    sql.execute(
        f"INSERT INTO bad_row SELECT '{file.name}', {key_text(file)} FROM {stage(file)} s"
        " WHERE s.at_line IN (SELECT line FROM bad_line WHERE own_key)"
    )
    sql.execute(f"DELETE FROM {stage(file)} s WHERE s.at_line IN (SELECT line FROM bad_line)")
    return bad - children, children
