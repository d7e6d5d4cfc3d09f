"""`import exchange` and `export postings`, as the night job calls them."""

from pathlib import Path

import pytest
import typer
from sqlalchemy import Engine, text

from portal.cities import calendar, city
from portal.commands.exchange import export_postings, import_exchange
from portal.kit.clock import local_date, utc_now
from tests.exchange_folder import Folder

LATER = "2027-01-26T23:30:00-08:00"


def runs(engine: Engine) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT source_name, status FROM import_run ORDER BY started_at, source_name")
        )
        return [(name, status) for name, status in rows]


def test_a_folder_then_the_same_folder(
    database: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Folder(tmp_path / "night").basics().seal()
    import_exchange(path)
    said = capsys.readouterr()
    assert said.out.splitlines()[0] == "accounts.csv: 1 rows, 1 new"
    assert said.out.splitlines()[-1] == ("night: imported 5 rows as of 2027-01-26T07:30:00+00:00.")
    # Not a terminal: plain lines, none of them rewritten.
    assert "\r" not in said.err
    assert said.err.startswith("reading accounts.csv (")
    import_exchange(path)
    assert capsys.readouterr().out == "night: unchanged, it was imported before.\n"
    assert runs(database) == [("night", "done"), ("night", "unchanged")]


def test_a_refusal_is_one_clear_line_exit_1_and_recorded(
    database: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Folder(tmp_path / "night").basics().put("meters.csv", {"dials": "six"}).seal()
    with pytest.raises(typer.Exit) as left:
        import_exchange(path)
    assert left.value.exit_code == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        "Refused: 1 rows at fault, nothing was imported. The first: meters.csv, line 2,"
        " column dials: 'six' is not a whole number"
    )
    assert runs(database) == [("night", "refused")]
    import_exchange(path, skip_bad_rows=True)
    assert "meters.csv: 1 rows, 1 at fault" in capsys.readouterr().out


def test_a_folder_without_manifest_is_neither_touched_nor_recorded(
    database: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "night").mkdir()
    with pytest.raises(typer.Exit):
        import_exchange(tmp_path / "night")
    assert "has no manifest.csv" in capsys.readouterr().err
    assert runs(database) == []


def test_a_folder_of_folders_is_taken_in_order_of_as_of(
    database: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Folder(tmp_path / "nights" / "a-second").basics().seal(LATER)
    Folder(tmp_path / "nights" / "b-first").basics().seal()
    (tmp_path / "nights" / "c-unfinished").mkdir()
    import_exchange(tmp_path / "nights")
    assert [name for name, _ in runs(database)] == ["b-first", "a-second"]
    # The next night they all lie there again, with one more.
    capsys.readouterr()
    Folder(tmp_path / "nights" / "c-third").basics().seal("2027-01-27T23:30:00-08:00")
    import_exchange(tmp_path / "nights")
    assert capsys.readouterr().out.splitlines()[0] == "b-first: unchanged, it was imported before."
    assert [run for run in runs(database) if run[1] == "done"][2:] == [("c-third", "done")]


def test_the_days_files_are_written(
    database: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day = calendar.next_business_day(city(), local_date(utc_now(), city().zone))
    for out in (tmp_path / "a", tmp_path / "b"):
        export_postings(day.isoformat(), out)
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in "ab"
    )
    assert first == second
    assert sorted(first) == [
        "contact_changes.csv",
        "delivery_changes.csv",
        "fees.csv",
        "payment_posting.csv",
    ]
    assert capsys.readouterr().out.splitlines()[0] == (
        f"P000001 for {day}: 0 rows, paid 0.00, reversed 0.00."
    )
    with pytest.raises(typer.BadParameter):
        export_postings("20270126", tmp_path)
    with pytest.raises(typer.Exit):
        export_postings("2999-01-04", tmp_path)
