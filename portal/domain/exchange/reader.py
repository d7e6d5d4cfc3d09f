"""The strict reader: bytes of one CSV file in, checked rows for COPY out, faults with their line.

It streams: a block at a time is hashed, decoded and split, and memory does not grow with the
file. A clean line (no quotes, no padding, every cell in its kind's shape) is recognised by one
regular expression made from the file's header and goes to the database as it stands; only other
lines are taken apart cell by cell. That makes a row cost about two microseconds.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from portal.domain.exchange.faults import Fault, Faults, Refused, Said, shown
from portal.domain.exchange.spec import Column, File, Kind
from portal.kit.text import N_

BLOCK = 1 << 20
MAX_CELL = 4000
MAX_RECORD = 64_000

# ASCII digits only: \d would take other scripts' digits. Years are bounded to 1600-2199.
_DAY = (
    "(?:(?:1[6-9]|2[01])[0-9]{2}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    "|(?:(?:1[6-9]|2[01])(?:0[48]|[2468][048]|[13579][26])|(?:16|20)00)-02-29)"
)
# Nothing that would need quoting, escaping or trimming, no control character, no broken UTF-8.
_CLEAN = rf'(?! )[^,"\\\x00-\x1f\x7f\ud800-\udfff\ufeff]{{0,{MAX_CELL}}}+(?<! )'
_SHAPES = {
    Kind.INT: "[0-9]{1,9}",
    Kind.MONEY: r"-?[0-9]{1,11}\.[0-9]{2}",
    Kind.QUANTITY: r"-?[0-9]{1,12}(?:\.[0-9]{1,3})?",
    Kind.RATE: r"-?[0-9]{1,12}(?:\.[0-9]{1,6})?",
    Kind.DATE: _DAY,
    Kind.OPEN: f"(?:9999-12-31|{_DAY})?",
    Kind.FLAG: "[YN]",
}
_RECORD = re.compile(r'(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n?\Z)')
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff]")
_BROKEN = re.compile(r"[\ud800-\udfff]")
_ESCAPES = str.maketrans({"\\": "\\\\", ",": "\\,", "\n": "\\n", "\r": "", "\t": "\\t"})


def _shape(column: Column, text: str) -> str:
    if column.kind in (Kind.TEXT, Kind.KEY, Kind.NAME):
        shape = text
        if column.kind is Kind.KEY:
            shape = "(?!,|$)" + text
        if column.kind is Kind.NAME:
            shape = r"(?![^,]*[/:]|\.)" + text
        return shape
    if column.kind is Kind.WORD:
        shape = "(?:" + "|".join(column.words) + ")"
    else:
        shape = _SHAPES[column.kind]
    return f"(?:{shape})?" if column.optional else shape


def _cell_shape(column: Column) -> re.Pattern[str]:
    # Text was looked at for control characters and length before: any will do here.
    text = column.kind in (Kind.TEXT, Kind.KEY, Kind.NAME)
    return re.compile(".*" if text else _shape(column, ""), re.DOTALL)


@dataclass(frozen=True)
class Header:
    """A file's header against its contract: `columns[i]` is None for an unknown extra column."""

    names: tuple[str, ...]
    columns: tuple[Column | None, ...]
    extra: tuple[str, ...]

    @property
    def present(self) -> frozenset[str]:
        """The contract's columns that the file has."""
        return frozenset(column.name for column in self.columns if column)


def _is_ssn(name: str) -> bool:
    bare = name.lower()
    return bare.endswith("ssn") or "ssn" in re.split("[^a-z]+", bare) or "social_sec" in bare


def read_header(file: File, cells: Sequence[str]) -> Header:
    """Match a header row with the contract.

    Raises Refused where a column is missing, named twice, or holds social security numbers.
    """
    names = tuple(cell.strip() for cell in cells)
    for name in names:
        if _is_ssn(name):
            raise Refused(
                N_("%(file)s has a column %(column)s: social security numbers are never sent."),
                file=file.name,
                column=shown(name),
            )
        if names.count(name) > 1:
            raise Refused(
                N_("%(file)s names the column %(column)s twice."),
                file=file.name,
                column=shown(name),
            )
    known = {column.name: column for column in file.columns}
    missing = [c.name for c in file.columns if not c.optional and c.name not in names]
    if missing:
        raise Refused(
            N_("%(file)s lacks the column %(column)s."), file=file.name, column=", ".join(missing)
        )
    return Header(
        names,
        tuple(known.get(name) for name in names),
        tuple(shown(name) for name in names if name not in known),
    )


def split_record(record: str) -> list[str] | None:
    """Split one CSV record into cells by RFC 4180, or None where its quoting is wrong."""
    cells: list[str] = []
    place = 0
    while True:
        match = _RECORD.match(record, place)
        if match is None:
            return None
        quoted, bare, end = match.groups()
        cells.append(bare if quoted is None else quoted.replace('""', '"'))
        place = match.end()
        if end != ",":
            return cells if place == len(record) else None


@dataclass
class Reading:
    """What came of reading one file: filled while `rows_for_copy` runs."""

    file: File
    header: Header
    rows: int = 0
    sha256: str = ""
    bad_keys: list[str] = field(default_factory=list)
    bad_rows: int = 0


class Reader:
    """Reads one file once, a block at a time."""

    def __init__(
        self, path: Path, file: File, faults: Faults, on_bytes: Callable[[int], None]
    ) -> None:
        self._on_bytes = on_bytes
        self._path = path
        self._file = file
        self._faults = faults
        self._digest = hashlib.sha256()
        self._records = self._split(self._blocks())
        first = next(self._records, (1, ""))[1]
        cells = split_record(first)
        if cells is None:
            raise Refused(N_("%(file)s: the header row is not CSV."), file=file.name)
        header = read_header(file, cells)
        self.reading = Reading(file, header)
        columns = [
            column or Column(shown(name), Kind.TEXT, optional=True)
            for name, column in zip(header.names, header.columns, strict=True)
        ]
        self._columns = columns
        self._row = re.compile(",".join(_shape(c, _CLEAN) for c in columns))
        self._cells = [_cell_shape(column) for column in columns]

    def _blocks(self) -> Iterator[str]:
        """Yield the file's text; broken UTF-8 arrives as surrogates, which no cell accepts."""
        rest = b""
        first = True
        with self._path.open("rb") as stream:
            while block := stream.read(BLOCK):
                self._digest.update(block)
                self._on_bytes(len(block))
                if first:
                    block = block.removeprefix(b"\xef\xbb\xbf")
                    first = False
                head, newline, tail = block.rpartition(b"\n")
                if newline:
                    yield (rest + head + newline).decode("utf-8", "surrogateescape")
                    rest = tail
                else:
                    rest += tail
                if len(rest) > MAX_RECORD + BLOCK:
                    raise Refused(
                        N_("%(file)s has a line of more than %(most)s characters."),
                        file=self._file.name,
                        most=MAX_RECORD,
                    )
        if rest:
            yield rest.decode("utf-8", "surrogateescape")

    def _split(self, blocks: Iterator[str]) -> Iterator[tuple[int, str]]:
        """Yield (physical line at which it starts, record without its line end)."""
        number = 0
        started = 0
        parts: list[str] = []
        size = 0
        for block in blocks:
            lines = block.split("\n")
            if lines[-1] == "":
                lines.pop()
            for line in lines:
                number += 1
                if not parts:
                    if '"' not in line or line.count('"') % 2 == 0:
                        yield number, line
                        continue
                    started = number
                    size = 0
                # A quoted cell goes on over the line's end until its quote closes.
                parts.append(line)
                size += len(line)
                if len(parts) > 1 and line.count('"') % 2 == 1:
                    yield started, "\n".join(parts)
                    parts = []
                elif size > MAX_RECORD:
                    raise Refused(
                        N_("%(file)s, line %(line)s: a quote is opened and never closed."),
                        file=self._file.name,
                        line=started,
                    )
        if parts:
            yield started, "\n".join(parts)

    def rows_for_copy(self) -> Iterator[bytes]:
        """Yield blocks of `line,cell,cell...` for COPY (FORMAT text, DELIMITER ',', NULL '').

        Rows at fault are left out, reported and counted; `reading` is complete at the end.
        """
        reading = self.reading
        clean = self._row.fullmatch
        out: list[str] = []
        rows = 0
        for number, record in self._records:
            rows += 1
            if record[-1:] == "\r":
                record = record[:-1]
            if clean(record):
                out.append(f"{number},{record}\n")
            elif record.strip() == "":
                rows -= 1  # an empty line holds no row
                continue
            else:
                row = self._slow(number, record)
                if row is None:
                    reading.bad_rows += 1
                else:
                    out.append(row)
            if len(out) >= 4096:
                yield "".join(out).encode()
                out.clear()
        if out:
            yield "".join(out).encode()
        reading.rows = rows
        reading.sha256 = self._digest.hexdigest()

    def _slow(self, number: int, record: str) -> str | None:
        """Take a row apart: trimmed, unquoted and escaped for COPY, or None with its faults."""
        name = self._file.name
        if len(record) > MAX_RECORD:
            self._faults.add(
                Fault(name, number, "", shown(record), Said(N_("is too long for a row")))
            )
            return None
        cells = split_record(record)
        if cells is None:
            why = Said(N_("is not quoted as RFC 4180 asks"))
            self._faults.add(Fault(name, number, "", shown(record), why))
            return None
        if len(cells) != len(self._columns):
            why = Said(
                N_("has %(cells)s cells where the header has %(columns)s"),
                cells=len(cells),
                columns=len(self._columns),
            )
            self._faults.add(Fault(name, number, "", shown(record), why))
            return None
        cells = [cell.strip() for cell in cells]
        # Padded and quoted cells are as good as clean ones once trimmed: ask the row's shape again,
        # with what only CSV minds made harmless.
        if "\\" not in record and self._row.fullmatch(
            ",".join([cell.replace(",", ";").replace('"', "'") for cell in cells])
        ):
            return f"{number}," + ",".join([cell.replace(",", "\\,") for cell in cells]) + "\n"
        wrong = [
            (column, cell, problem)
            for column, cell, shape in zip(self._columns, cells, self._cells, strict=True)
            if (problem := _problem(column, cell, shape))
        ]
        if not wrong:
            return f"{number}," + ",".join([cell.translate(_ESCAPES) for cell in cells]) + "\n"
        for column, cell, problem in wrong[:5]:
            self._faults.add(Fault(name, number, column.name, shown(cell), problem))
        self._note_key(cells)
        return None

    def _note_key(self, cells: list[str]) -> None:
        """Remember the key of a row at fault, so that its children are left out with it."""
        by_name = dict(zip(self.reading.header.names, cells, strict=True))
        key = [by_name[name] for name in self._file.key]
        whole = [self._file.column(name).kind is Kind.INT for name in self._file.key]
        self.reading.bad_keys.append(
            "\x1f".join(
                str(int(cell)) if is_int and cell.isascii() and cell.isdigit() else cell
                for cell, is_int in zip(key, whole, strict=True)
            )
        )


_NOT_OF_KIND = {
    Kind.INT: N_("is not a whole number"),
    Kind.MONEY: N_("is not an amount with two decimals"),
    Kind.QUANTITY: N_("is not a number with up to three decimals"),
    Kind.RATE: N_("is not a number with up to six decimals"),
    Kind.DATE: N_("is not a date"),
    Kind.OPEN: N_("is not a date or open end"),
    Kind.FLAG: N_("is neither Y nor N"),
}


def _problem(column: Column, cell: str, shape: re.Pattern[str]) -> Said | None:
    """Say what is wrong with a trimmed cell; None where nothing is."""
    if len(cell) > MAX_CELL:
        return Said(N_("is longer than %(most)s characters"), most=MAX_CELL)
    if _CONTROL.search(cell):
        return Said(N_("holds a control character"))
    if _BROKEN.search(cell):
        return Said(N_("is not UTF-8"))
    if column.kind is Kind.NAME and (
        "/" in cell or "\\" in cell or ":" in cell or cell.startswith(".")
    ):
        return Said(N_("is not a bare file name: a path is refused"))
    if column.kind is Kind.KEY and cell == "":
        return Said(N_("may not be empty"))
    if shape.fullmatch(cell):
        return None
    if cell == "":
        return Said(N_("may not be empty"))
    if column.kind is Kind.WORD:
        return Said(N_("is none of %(words)s"), words=" ".join(column.words))
    return Said(_NOT_OF_KIND[column.kind])
