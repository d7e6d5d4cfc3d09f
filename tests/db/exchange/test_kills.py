"""kill -9 while importing, two importers at once: the books are whole or untouched."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from portal.domain.exchange.faults import Busy
from portal.domain.exchange.operations import _LOCK, Options, import_folder
from tests.db.exchange.taking import NOW, ZONE
from tests.exchange_rows import write_folder

TABLES = (
    "account",
    "customer",
    "tenure",
    "service",
    "meter",
    "bill",
    "read",
    "bill_line",
    "bill_activity",
    "ledger_entry",
    "import_run",
)
ACCOUNTS = 300

IMPORTER = """
import sys
from pathlib import Path
from sqlmodel import Session
from sqlalchemy import create_engine
from portal.domain.exchange.operations import Options, import_folder
from tests.db.exchange.taking import NOW, ZONE

def say(words, done=0, total=0):
    if words == sys.argv[4]:
        print("here", flush=True)
        sys.stdin.read()  # until killed

with Session(create_engine(sys.argv[1])) as session, session.begin():
    import_folder(session, Path(sys.argv[2]), Options(ZONE, Path(sys.argv[3])), now=NOW,
                  progress=say)
    say("before commit")
say("after commit")
"""


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kills") / "night"
    write_folder(folder, ACCOUNTS)
    return folder


def totals(engine: Engine) -> dict[str, tuple[int, ...]]:
    with engine.connect() as connection:
        found: dict[str, tuple[int, ...]] = {
            name: (connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one(),)
            for name in TABLES
        }
        found["cents"] = tuple(
            connection.execute(
                text(
                    "SELECT (SELECT sum(balance_cents) FROM bill),"
                    " (SELECT sum(original_cents) FROM bill_line),"
                    " (SELECT sum(amount_cents) FROM ledger_entry WHERE bill_id IS NOT NULL)"
                )
            ).one()
        )
    return found


def take(engine: Engine, night: Path, **options: int) -> None:
    with Session(engine) as session, session.begin():
        import_folder(session, night, Options(ZONE, night.parent, **options), now=NOW)


@pytest.mark.parametrize(
    "moment",
    [
        "reading bills.csv",
        "reading payments.csv",
        "storing accounts.csv",
        "storing bills.csv",
        "storing payments.csv",
        "before commit",
        "after commit",
    ],
)
def test_kill_9_leaves_nothing_and_the_same_command_gives_the_same_totals(
    database: Engine, night: Path, tmp_path: Path, moment: str
) -> None:
    url = database.url.render_as_string(hide_password=False)
    with subprocess.Popen(
        [sys.executable, "-c", IMPORTER, url, str(night), str(tmp_path), moment],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
        text=True,
    ) as importer:
        assert importer.stdout is not None
        assert importer.stdout.readline() == "here\n"
        importer.send_signal(signal.SIGKILL)
    assert importer.returncode == -signal.SIGKILL
    # The dead importer's server process may still hold the lock: the next one waits for it.
    take(database, night)
    assert totals(database) == {
        "account": (ACCOUNTS,),
        "customer": (ACCOUNTS,),
        "tenure": (ACCOUNTS,),
        "service": (ACCOUNTS,),
        "meter": (ACCOUNTS,),
        "bill": (12 * ACCOUNTS,),
        "read": (12 * ACCOUNTS,),
        "bill_line": (36 * ACCOUNTS,),
        "bill_activity": (11 * ACCOUNTS,),
        "ledger_entry": (ACCOUNTS + 1,),
        # Killed after its commit, before it could say so: the second one finds it done.
        "import_run": (2 if moment == "after commit" else 1,),
        "cents": totals_of_the_files(night),
    }


def totals_of_the_files(night: Path) -> tuple[int, int, int]:
    stated = {
        line.split(",")[0]: line.split(",")[3]
        for line in (night / "manifest.csv").read_text().splitlines()[1:]
    }
    balance = int(stated["bills.csv"].replace(".", ""))
    return balance, int(stated["bill_lines.csv"].replace(".", "")), balance


def test_two_importers_never_work_at_once(database: Engine, night: Path) -> None:
    with database.begin() as other:
        other.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        with pytest.raises(Busy):
            take(database, night, lock_wait_ms=50)
    take(database, night, lock_wait_ms=50)
    assert totals(database)["import_run"] == (1,)
