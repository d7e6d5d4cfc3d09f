"""A usage import that is killed, and two at once: all of a file or nothing of it."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, func
from sqlmodel import Session, select

from portal.config import ROOT
from portal.domain.usage.operations import import_file
from portal.models.usage import MeterDay
from tests.db.usage.test_import import NOW, PACIFIC, row

_KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo
from sqlalchemy import create_engine
from sqlmodel import Session
from portal.domain.usage import intake
from portal.config import ROOT
from portal.domain.usage.operations import import_file

intake.DAYS_HELD = 10  # written many times on the way


def progress(done, total):
    if done > 0 and (sys.argv[3] == "end") == (done == total):
        os.kill(os.getpid(), signal.SIGKILL)


with Session(create_engine(sys.argv[1])) as session, session.begin():
    import_file(
        session, Path(sys.argv[2]), wanted="cmep", zone=ZoneInfo("America/Los_Angeles"),
        now=datetime(2027, 1, 26, tzinfo=UTC), progress=progress,
    )
"""


@pytest.mark.parametrize("when", ["middle", "end"])
def test_killed_at_any_point_the_same_command_brings_the_same_totals(
    database: Engine, tmp_path: Path, when: str
) -> None:
    path = tmp_path / "a.csv"
    hours = [str(n) for n in range(24)]
    path.write_text("".join(row("202606020100", hours, meter=str(1000 + n)) for n in range(9_000)))
    url = database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", _KILLED, url, str(path), when]
    assert subprocess.run(command, check=False, cwd=ROOT).returncode == -signal.SIGKILL

    def stored() -> tuple[int, int]:
        with Session(database) as session:
            return session.exec(
                select(func.count(), func.coalesce(func.sum(MeterDay.total), 0))
            ).one()

    assert stored() == (0, 0)
    with Session(database) as session, session.begin():
        import_file(session, path, wanted="cmep", zone=PACIFIC, now=NOW)
    assert stored() == (9_000, 9_000 * 276_000)


def test_two_imports_at_once_take_turns(database: Engine, tmp_path: Path) -> None:
    for name, start in (("a", "202606020100"), ("b", "202606021300")):
        (tmp_path / name).write_text(
            "".join(row(start, ["1"] * 12, meter=str(1000 + n)) for n in range(300))
        )

    def take(name: str) -> None:
        with Session(database) as session, session.begin():
            import_file(session, tmp_path / name, wanted="cmep", zone=PACIFIC, now=NOW)

    threads = [threading.Thread(target=take, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Session(database) as session:
        assert set(session.exec(select(MeterDay.total)).all()) == {24_000}
