"""The outgoing files as lines: the exchange's own CSV, or the layout of the city's profile."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from portal.cities import city
from portal.cities.outgoing import COLUMNS, TRAILER, OutField, Outgoing
from portal.domain.exchange.written import csv_text, sha256_of
from portal.kit.errors import DomainError
from portal.kit.text import N_

Cells = Sequence[object]


class DoesNotFit(DomainError):
    """A value is longer than its field: the batch stays open, nothing was written."""

    code = "does_not_fit"


def file_of(kind: str, rows: Sequence[Cells], totals: Cells = ()) -> tuple[str, str]:
    """Return a file's name and text. `rows` are cells in the order of `COLUMNS[kind]`.

    `totals` (payment_posting: batch, rows, PAY total, REVERSE total) make the trailer, which ends
    with the SHA-256 of every byte above it. Raises DoesNotFit.
    """
    layout = next((one for one in city().outgoing if one.file == kind), None)
    if layout is None:
        above = csv_text(COLUMNS[kind], rows)
        end = csv_text(None, [("TRAILER", *totals, sha256_of(above))]) if totals else ""
        return f"{kind}.csv", above + end
    above = _lines(layout, layout.fields, [_named(COLUMNS[kind], row) for row in rows])
    if layout.header:
        above = csv_text([one.header or one.column for one in layout.fields], ()) + above
    if not totals or not layout.trailer:
        return layout.name, above
    last = _named(TRAILER, ("TRAILER", *totals, sha256_of(above)))
    return layout.name, above + _lines(layout, layout.trailer, [last])


def _named(columns: Sequence[str], cells: Cells) -> dict[str, str]:
    return {
        name: "" if cell is None else str(cell) for name, cell in zip(columns, cells, strict=True)
    }


def _lines(layout: Outgoing, fields: Sequence[OutField], rows: Sequence[Mapping[str, str]]) -> str:
    cells = [[_value(one, row) for one in fields] for row in rows]
    if layout.shape == "csv":
        return csv_text(None, cells)
    return "".join(
        "".join(_padded(layout, one, value) for one, value in zip(fields, line, strict=True)) + "\n"
        for line in cells
    )


def _value(field: OutField, row: Mapping[str, str]) -> str:
    value = field.text or row[field.column]
    if not value or not field.write:
        return value
    if field.write == "cents":
        return value.replace(".", "")
    # Dates are the city's days; instants are UTC, as the exchange writes them.
    return datetime.fromisoformat(value).strftime(field.write)


def _padded(layout: Outgoing, field: OutField, value: str) -> str:
    if len(value) > field.width and not field.cut:
        raise DoesNotFit(
            N_("%(file)s: %(column)s %(value)s is longer than its %(width)s characters."),
            file=layout.name,
            column=field.column or "text",
            value=value,
            width=field.width,
        )
    kept = value[: field.width]
    if field.align == "left":
        return kept.ljust(field.width, field.fill)
    return kept.rjust(field.width, field.fill)
