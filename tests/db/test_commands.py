"""The command line as a script meets it: exit codes, one line on standard error, a clean end."""

import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from portal.config import ROOT
from portal.demo.loopback import free_port
from portal.demo.stripe.server import environment_for
from portal.kit.lifeline import Child
from tests import databases


@pytest.fixture
def url() -> Iterator[str]:
    with databases.fresh_url(empty=True) as found:
        yield found


def run(*words: str, url: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PORTAL_DATABASE_URL": url,
        "PORTAL_ENV_FILE": "",
        "COLUMNS": "200",
        **more,
    }
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "portal", *words],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def migrated() -> Iterator[str]:
    with databases.fresh_url(empty=True) as found:
        assert run("migrate", url=found).returncode == 0
        yield found


@pytest.mark.parametrize(
    "words",
    [
        ["frobnicate"],
        ["import", "exchange"],
        ["import", "usage", "x", "--format", "nonsense"],
        ["export", "postings", "--date", "yesterday", "--out", "x"],
        ["serve", "--port", "0"],
        ["demo", "--accounts", "many"],
    ],
)
def test_wrong_use_is_2(words: list[str], migrated: str) -> None:
    done = run(*words, url=migrated)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error:" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_refusal_is_1_and_says_why(url: str, tmp_path: Path) -> None:
    behind = run("import", "exchange", str(tmp_path), url=url)
    assert (behind.returncode, behind.stderr) == (
        1,
        "The database's tables are not this version's. Run: python -m portal migrate\n",
    )
    assert run("migrate", url=url).stdout.startswith("The database is at revision ")
    refused = run("import", "exchange", str(tmp_path), url=url)
    assert refused.returncode == 1
    assert "has no manifest.csv" in refused.stderr
    role = run("staff", "add", "a@example.org", "--role", "king", url=url)
    assert (role.returncode, role.stderr) == (1, "Refused: A role is viewer or administrator.\n")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'abc'"))
    engine.dispose()
    other = run("migrate", url=url)
    assert other.returncode == 1
    assert "another version, abc, which this one does not know" in other.stderr
    assert other.stderr.count("\n") == 1


def test_a_database_that_is_not_there_is_one_line() -> None:
    done = run("migrate", url="postgresql://nobody@127.0.0.1:9/none?connect_timeout=2")
    assert done.returncode == 1
    assert done.stderr.startswith("The database does not answer: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORTAL_SECRET_KEY", "short", "PORTAL_SECRET_KEY is shorter than 32 characters"),
        ("PORTAL_PUBLIC_URL", "https://[pay", "PORTAL_PUBLIC_URL is the portal's address"),
        ("PORTAL_DATABASE_URL", "mysql://x/y", "PORTAL_DATABASE_URL is written postgresql://"),
        ("PORTAL_DATABASE_URL", "postgresql://h:port/x", "PORTAL_DATABASE_URL is written"),
        ("SMTP_URL", "mail.example.gov", "SMTP_URL is written smtp://"),
        ("SMTP_URL", "smtp://h:port", "SMTP_URL is written smtp://"),
        ("PORTAL_CITY", "atlantis", '"atlantis" is not known'),
        ("PORTAL_PAYMENTS", "cash", "PORTAL_PAYMENTS: Input should be"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str, said: str, url: str) -> None:
    given = {"PORTAL_DATABASE_URL": url, name: value}
    done = run("staff", "add", "a@example.org", "--role", "viewer", **given)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_of_settings_that_is_no_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "settings"
    file.write_bytes(b"PORTAL_CITY=\xff\n")
    done = run("check", PORTAL_ENV_FILE=str(file))
    assert (done.returncode, done.stderr) == (1, f"{file} is not UTF-8 text: save it as such.\n")


def test_a_city_that_nobody_knows_is_said_before_any_work(tmp_path: Path) -> None:
    done = run("serve", PORTAL_CITY="atlantis", PORTAL_DATA_DIR=str(tmp_path / "data"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith('PORTAL_CITY: "atlantis" is not known; allowed: leesburg, ')
    assert not (tmp_path / "data").exists()


def test_serving_to_others_asks_for_https_and_a_key(url: str) -> None:
    done = run("serve", url=url, PORTAL_PUBLIC_URL="http://pay.example.gov", PORTAL_SECRET_KEY="")
    assert done.returncode == 1
    assert "has to be https" in done.stderr
    assert "PORTAL_SECRET_KEY is missing" in done.stderr


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_busy_port_is_said_before_any_work(command: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run(command, "--port", port, PORTAL_DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 1
    assert port in done.stderr
    assert "is taken by another program" in done.stderr
    assert not (tmp_path / "data").exists()


def test_an_address_that_is_not_ours_is_not_called_taken(url: str) -> None:
    done = run("serve", "--host", "192.0.2.1", url=url)
    assert done.returncode == 1
    assert done.stderr.startswith("cannot listen on 192.0.2.1, port 3000: ")


def test_a_second_demo_of_the_town_is_refused(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    with (tmp_path / "demo" / "minot.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = run(
            "demo", "--city", "minot", "--port", str(free_port()), PORTAL_DATA_DIR=str(tmp_path)
        )
    assert done.returncode == 1
    assert done.stderr.startswith("A demo of minot runs already.")
    assert [path.name for path in (tmp_path / "demo").iterdir()] == ["minot.lock"]
    assert not (tmp_path / "postgres").exists()


def test_the_payment_stand_in_ends_with_its_parent(tmp_path: Path) -> None:
    environment = {**os.environ, **environment_for(free_port()), "PORTAL_DATA_DIR": str(tmp_path)}
    child = Child(
        "stand-in",
        [sys.executable, "-m", "portal.demo.stripe.server"],
        environment,
        tmp_path / "log",
    )
    os.close(child._writing)  # what the end of the parent does, however it comes
    ended = child.process.wait(20)
    assert ended in (0, -signal.SIGTERM), child.last_words()


def test_a_child_ends_with_its_parent_even_when_that_is_killed(tmp_path: Path) -> None:
    program = (
        "import os, sys, signal; from pathlib import Path;"
        "from portal.kit.lifeline import Child;"
        "child = Child('sleeper', [sys.executable, '-c',"
        " 'from portal.kit import lifeline; import signal; lifeline.hold(); signal.pause()'],"
        " dict(os.environ), Path(sys.argv[1]));"
        "print(child.process.pid, flush=True); signal.pause()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "log")],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    watched = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else -1
    parent.kill()
    parent.wait(10)
    parent.stdout.close()
    if watched >= 0:
        assert select.select([watched], [], [], 20)[0] == [watched]
        os.close(watched)


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True);"
    child = Child(
        "deaf",
        [sys.executable, "-c", deaf + "signal.pause()"],
        dict(os.environ),
        tmp_path / "log",
    )
    child.ask_to_stop()
    child.stop(seconds=0.5)
    assert child.process.returncode in (-signal.SIGKILL, -signal.SIGTERM)


def test_backup_and_restore_by_command(url: str, tmp_path: Path) -> None:
    file = tmp_path / "portal.backup"
    run("migrate", url=url)
    assert run("backup", str(file), url=url).returncode == 0
    refused = run("restore", str(file), url=url)
    assert (refused.returncode, refused.stderr) == (
        1,
        "The database is not empty. To replace what it holds: --yes\n",
    )
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE later (id int)"))
    assert run("restore", str(file), "--yes", url=url).returncode == 0
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT to_regclass('later')")) is None
    engine.dispose()
