"""The strict reader: hostile bytes in, faults with their place out."""

from pathlib import Path

import pytest

from portal.domain.exchange.faults import Faults, Refused
from portal.domain.exchange.reader import MAX_CELL, Reader, split_record
from portal.domain.exchange.spec import BY_NAME
from tests.exchange_folder import DEFAULTS, text_of


def read(tmp_path: Path, name: str, content: bytes) -> tuple[list[str], Faults, Reader]:
    path = tmp_path / name
    path.write_bytes(content)
    faults = Faults()
    reader = Reader(path, BY_NAME[name], faults, lambda count: None)
    rows = b"".join(reader.rows_for_copy()).decode().splitlines()
    return rows, faults, reader


def fault_of(tmp_path: Path, name: str, **cells: str) -> tuple[int, str, str, str]:
    """Return (line, column, value, message) of the one fault that `cells` make."""
    rows, faults, _ = read(tmp_path, name, text_of(name, [{}, cells]).encode())
    assert len(rows) == 1
    (fault,) = faults.kept
    return fault.line, fault.column, fault.value, str(fault.why)


def test_a_clean_row_goes_to_the_database_as_it_stands(tmp_path: Path) -> None:
    rows, faults, reader = read(
        tmp_path,
        "customers.csv",
        b"cid,name1,addr1,city,state,zip,status,confidential\n1,ANA,1 Oak,Minot,ND,58701,A,N\n",
    )
    assert rows == ["2,1,ANA,1 Oak,Minot,ND,58701,A,N"]
    assert faults.total == 0
    assert reader.reading.rows == 1
    assert reader.reading.sha256 == (
        __import__("hashlib").sha256((tmp_path / "customers.csv").read_bytes()).hexdigest()
    )


HEAD = b"cid,name1,addr1,city,state,zip,status,confidential"


@pytest.mark.parametrize(
    ("content", "row"),
    [
        (b"\xef\xbb\xbf" + HEAD + b"\n1,A,B,C,D,E,A,N\n", "2,1,A,B,C,D,E,A,N"),
        (HEAD + b"\r\n1,A,B,C,D,E,A,N\r\n", "2,1,A,B,C,D,E,A,N"),
        (HEAD + b"\n1,A,B,C,D,E,A,N", "2,1,A,B,C,D,E,A,N"),
        (HEAD + b"\n 1 ,A  ,  B,C,D,E,A,N  \n", "2,1,A,B,C,D,E,A,N"),
        (HEAD + b'\n"1","A, ""Q""","B",C,D,E,"A",N\n', '2,1,A\\, "Q",B,C,D,E,A,N'),
        (HEAD + b'\n1,"A\nB",C,D,E,A,N\n', None),
        (HEAD + b'\n1,"A\r\nB",C,C,D,E,A,N\n', "2,1,A\\nB,C,C,D,E,A,N"),
        (HEAD + b"\n1,a\\b,B,C,D,E,A,N\n", "2,1,a\\\\b,B,C,D,E,A,N"),
        (HEAD + "\n1,José Núñez,B,C,D,E,A,N\n".encode(), "2,1,José Núñez,B,C,D,E,A,N"),
    ],
    ids=[
        "bom",
        "crlf",
        "no-last-newline",
        "padded",
        "quoted",
        "wrong-count",
        "newline-in-cell",
        "backslash",
        "utf8",
    ],
)
def test_what_csv_allows(tmp_path: Path, content: bytes, row: str | None) -> None:
    rows, faults, _ = read(tmp_path, "customers.csv", content)
    assert rows == ([] if row is None else [row])
    assert faults.total == (1 if row is None else 0)


@pytest.mark.parametrize(
    ("record", "cells"),
    [
        ("a,b", ["a", "b"]),
        ("", [""]),
        ("a,", ["a", ""]),
        ('"a""b",""', ['a"b', ""]),
        ('a"b,c', None),
        ('"a"b,c', None),
        ('"a', None),
        (' "a"', None),
    ],
)
def test_quoting_is_rfc_4180_and_nothing_else(record: str, cells: list[str] | None) -> None:
    assert split_record(record) == cells


@pytest.mark.parametrize(
    "value",
    [
        "1E+9",
        "NaN",
        "Infinity",
        "1,000.00",
        "12",
        "12.5",
        "12.345",
        "$12.00",
        "+1.00",
        "١٢.٠٠",
        "１２.００",
        "--1.00",
        " ",
        "0x10",
    ],
)
def test_an_amount_is_ascii_digits_with_two_decimals(tmp_path: Path, value: str) -> None:
    line, column, shown, _ = fault_of(tmp_path, "bills.csv", billed=value, bill_no="9")
    assert (line, column, shown) == (3, "billed", value.strip())


@pytest.mark.parametrize(
    "value",
    [
        "2027-02-29",
        "2027-13-01",
        "2027-1-5",
        "01/05/2027",
        "20270105",
        "0000-01-01",
        "2027-04-31",
        "９999-12-31",
        "",
    ],
)
def test_a_date_is_a_day_of_the_calendar(tmp_path: Path, value: str) -> None:
    assert fault_of(tmp_path, "bills.csv", due_date=value, bill_no="9")[1:3] == ("due_date", value)


@pytest.mark.parametrize("value", ["2028-02-29", "2000-02-29", "9999-12-31", ""])
def test_an_open_end_is_empty_or_the_last_day(tmp_path: Path, value: str) -> None:
    rows, faults, _ = read(
        tmp_path, "accounts.csv", text_of("accounts.csv", [{"stop_date": value}]).encode()
    )
    assert (len(rows), faults.total) == (1, 0)


@pytest.mark.parametrize(
    ("column", "value", "shown", "message"),
    [
        ("name1", "A\x00B", "A\\x00B", "holds a control character"),
        ("name1", "A\x1b[31mB", "A\\x1b[31mB", "holds a control character"),
        ("name1", "x" * (MAX_CELL + 1), "x" * 80 + "...", f"is longer than {MAX_CELL} characters"),
        ("cid", "", "", "may not be empty"),
        ("status", "a", "a", "is none of A I"),
        ("confidential", "yes", "yes", "is neither Y nor N"),
    ],
)
def test_what_a_cell_may_not_hold(
    tmp_path: Path, column: str, value: str, shown: str, message: str
) -> None:
    assert fault_of(tmp_path, "customers.csv", **{"cid": "9"} | {column: value}) == (
        3,
        column,
        shown,
        message,
    )


@pytest.mark.parametrize(
    "value", ["../../etc/passwd", "a/b.pdf", "a\\b.pdf", "C:b.pdf", ".hidden", "/abs.pdf"]
)
def test_an_image_name_is_a_bare_file_name(tmp_path: Path, value: str) -> None:
    line, column, shown, message = fault_of(tmp_path, "bills.csv", image_name=value, bill_no="9")
    assert (line, column, shown) == (3, "image_name", value)
    assert "path" in message


def test_broken_utf8_is_a_fault_of_its_cell(tmp_path: Path) -> None:
    content = HEAD + b"\n1,\xff\xfe,B,C,D,E,A,N\n2,A,B,C,D,E,A,N\n"
    rows, faults, reader = read(tmp_path, "customers.csv", content)
    assert rows == ["3,2,A,B,C,D,E,A,N"]
    assert [(f.line, f.column, str(f.why)) for f in faults.kept] == [(2, "name1", "is not UTF-8")]
    assert reader.reading.bad_keys == ["1"]


def test_a_quote_never_closed_does_not_swallow_the_file(tmp_path: Path) -> None:
    content = HEAD + b'\n1,"A,B,C,D,E,A,N\n' + b"2,A,B,C,D,E,A,N\n" * 100_000
    with pytest.raises(Refused, match=r"customers.csv, line 2: a quote is opened and never closed"):
        read(tmp_path, "customers.csv", content)


def test_a_line_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="a line of more than"):
        read(tmp_path, "customers.csv", HEAD + b"\n" + b"x" * (4 << 20))


def test_lines_are_physical_lines(tmp_path: Path) -> None:
    content = HEAD + b'\n1,"A\nB\nC",B,C,D,E,A,N\n2,A,B,C,D,E,Z,N\n'
    _, faults, _ = read(tmp_path, "customers.csv", content)
    assert [(f.line, f.column, f.value) for f in faults.kept] == [(5, "status", "Z")]


def test_a_row_over_a_block_boundary_arrives_whole(tmp_path: Path) -> None:
    row = "é" * 3000
    content = HEAD + "".join(f"\n{n},{row},B,C,D,E,A,N" for n in range(600)).encode()
    rows, faults, reader = read(tmp_path, "customers.csv", content)
    assert (len(rows), faults.total, reader.reading.rows) == (600, 0, 600)
    assert rows[599] == f"601,599,{row},B,C,D,E,A,N"


@pytest.mark.parametrize("column", ["ssn", "SSN", "cust_ssn", "customer.SSN", "ssn_last4"])
def test_a_column_of_social_security_numbers_refuses(tmp_path: Path, column: str) -> None:
    content = HEAD + f",{column}\n1,A,B,C,D,E,A,N,1\n".encode()
    with pytest.raises(Refused, match="social security"):
        read(tmp_path, "customers.csv", content)


def test_extra_columns_are_named_and_ignored(tmp_path: Path) -> None:
    content = b"mission," + HEAD + b"\nx,1,A,B,C,D,E,A,N\n"
    rows, faults, reader = read(tmp_path, "customers.csv", content)
    assert rows == ["2,x,1,A,B,C,D,E,A,N"]
    assert (faults.total, reader.reading.header.extra) == (0, ("mission",))


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (b"cid,name1", "lacks the column addr1, city, state, zip, status, confidential"),
        (HEAD + b",cid", "names the column cid twice"),
        (b"", "lacks the column cid"),
    ],
)
def test_a_header_that_is_not_the_contract_refuses(
    tmp_path: Path, header: bytes, words: str
) -> None:
    with pytest.raises(Refused, match=words):
        read(tmp_path, "customers.csv", header + b"\n")


def test_faults_beyond_a_thousand_are_counted_and_not_kept(tmp_path: Path) -> None:
    content = HEAD + b"\n1,A,B,C,D,E,Z,N" * 1500
    _, faults, reader = read(tmp_path, "customers.csv", content)
    assert (len(faults.kept), faults.total, reader.reading.bad_rows) == (1000, 1500, 1500)


def test_every_default_row_of_the_tests_is_clean(tmp_path: Path) -> None:
    for name in DEFAULTS:
        rows, faults, _ = read(tmp_path, name, text_of(name, [{}]).encode())
        assert (len(rows), faults.kept) == (1, [])


def test_the_page_for_cities_names_every_file_and_column() -> None:
    page = (Path(__file__).parents[3] / "docs" / "exchange.md").read_text()
    for file in BY_NAME.values():
        part = page.partition(f"### {file.name}\n")[2].partition("\n### ")[0]
        for column in file.columns:
            mark = "?" if column.optional else ""
            assert f"| `{column.name}`{mark} | " in part, (file.name, column.name)
