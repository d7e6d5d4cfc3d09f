"""A backup is one instant, a restore brings it back to the cent, a refused one loses nothing."""

import tarfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool
from sqlmodel import Session

from portal import archive
from portal.models.payments import LedgerEntry, LedgerTx
from tests import databases


def _book(session: Session, n: int, cents: int = 100) -> None:
    tx = LedgerTx(
        reference=f"test:{n}",
        kind="test",
        effective_date=date(2027, 1, 26),
        business_date=date(2027, 1, 27),
    )
    session.add(tx)
    session.flush()
    session.add(LedgerEntry(tx_id=tx.id, ledger_account="stripe_clearing", amount_cents=cents))
    session.add(LedgerEntry(tx_id=tx.id, ledger_account="revenue", amount_cents=-cents))


@pytest.fixture
def empty() -> Iterator[Engine]:
    with databases.fresh_url(empty=True) as url:
        yield create_engine(url, poolclass=NullPool)


def _bookings(engine: Engine) -> tuple[int, int, int]:
    with engine.connect() as connection:
        row = connection.execute(
            text(
                "SELECT count(DISTINCT tx_id), coalesce(sum(amount_cents), 0),"
                " coalesce(sum(amount_cents) FILTER (WHERE amount_cents > 0), 0) FROM ledger_entry"
            )
        ).one()
    return int(row[0]), int(row[1]), int(row[2])


def test_a_backup_while_writing_is_one_instant(
    database: Engine, empty: Engine, tmp_path: Path
) -> None:
    stop, started = Event(), Event()

    def write() -> None:
        n = 0
        while not stop.is_set():
            with Session(database) as session, session.begin():
                _book(session, n)
            n += 1
            if n == 5:
                started.set()

    writer = Thread(target=write)
    writer.start()
    try:
        started.wait(30)
        file = tmp_path / "portal.backup"
        done = archive.backup(database, file)
    finally:
        stop.set()
        writer.join()
    restored = archive.restore(empty, file)
    bookings, total, debits = _bookings(empty)
    assert 5 <= bookings <= _bookings(database)[0]
    assert (total, debits) == (0, 100 * bookings)
    assert restored.rows == done.rows
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_the_same_instant_comes_back_over_what_came_after(database: Engine, tmp_path: Path) -> None:
    with Session(database) as session, session.begin():
        _book(session, 1, 12345)
    archive.backup(database, tmp_path / "b")
    with Session(database) as session, session.begin():
        _book(session, 2)
    with pytest.raises(archive.ArchiveFailed, match="not empty"):
        archive.restore(database, tmp_path / "b")
    assert _bookings(database)[0] == 2
    archive.restore(database, tmp_path / "b", replace=True)
    assert _bookings(database) == (1, 0, 12345)


@pytest.mark.parametrize("damage", ["not a tar", "short", "no counts", "other ledger"])
def test_a_damaged_file_changes_nothing(
    database: Engine, tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Session(database) as session, session.begin():
        _book(session, 1)
    file = tmp_path / "b"
    archive.backup(database, file)
    if damage == "not a tar":
        file.write_text("hello")
    elif damage == "short":
        file.write_bytes(file.read_bytes().replace(b"PGDMP", b"PGDMQ"))
    elif damage == "no counts":
        file.write_bytes(file.read_bytes().replace(b'"rows"', b'"rats"'))
    else:
        file.write_bytes(file.read_bytes().replace(b'"debit_cents": 100', b'"debit_cents": 101'))
    with pytest.raises(archive.ArchiveFailed):
        archive.restore(database, file, replace=True)
    assert _bookings(database) == (1, 0, 100)


def test_a_restore_that_is_broken_off_changes_nothing(
    database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Session(database) as session, session.begin():
        _book(session, 1)
    archive.backup(database, tmp_path / "b")

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(archive, "_client", interrupted)
    with pytest.raises(KeyboardInterrupt):
        archive.restore(database, tmp_path / "b", replace=True)
    assert _bookings(database) == (1, 0, 100)


def test_nobody_else_reads_a_backup_in_the_making(
    database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes, add = [], tarfile.TarFile.addfile

    def look(self: tarfile.TarFile, *given: object) -> None:
        modes.append((tmp_path / "b.part").stat().st_mode & 0o777)
        add(self, *given)  # type: ignore[arg-type]

    # Pictures that another test left in the data folder would be in it too.
    own = archive.settings().model_copy(update={"data_dir": tmp_path})
    monkeypatch.setattr(archive, "settings", lambda: own)
    monkeypatch.setattr(tarfile.TarFile, "addfile", look)
    (tmp_path / "b.part").touch(0o644)  # of one that was killed
    archive.backup(database, tmp_path / "b")
    assert modes == [0o600, 0o600]


def test_a_failed_backup_leaves_the_last_one(database: Engine, tmp_path: Path) -> None:
    file = tmp_path / "b"
    file.write_text("last night's")
    (tmp_path / "b.part").mkdir()
    with pytest.raises(OSError, match=r"b\.part"):
        archive.backup(database, file)
    assert file.read_text() == "last night's"
