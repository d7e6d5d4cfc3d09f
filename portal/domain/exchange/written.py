"""CSV as we write it: RFC 4180, LF, and no cell that a spreadsheet would run as a formula."""

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe(text: str) -> str:
    """Return text for a cell that people may open in a spreadsheet: formulas are defused by '."""
    flat = text.replace("\r\n", " ").replace("\n", " ").replace("\x00", "")
    return "'" + flat if flat.startswith(_FORMULA) else flat


def instant(at: datetime) -> str:
    """Return an instant as RFC 3339 in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def csv_text(header: Sequence[str] | None, rows: Iterable[Sequence[object]]) -> str:
    """Return a file's text: the header, if any, and rows, None as empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if header is not None:
        writer.writerow(header)
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    return out.getvalue()


def sha256_of(text: str) -> str:
    """Return the SHA-256 of the text's bytes, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()
