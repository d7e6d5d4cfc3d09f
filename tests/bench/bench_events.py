"""An event's round trip with 200 residents connected, against an empty Reflex app beside it."""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine
from sqlmodel import Session

from portal.config import ROOT
from portal.demo.loopback import free_port
from portal.domain.identity import sessions
from portal.kit.clock import utc_now
from tests import databases, factories
from tests.browser.raw import RawSocket, Refused

RESIDENTS = 200
ROUNDS = 3
COOKIE = "__Host-portal"
ACCOUNTS = "reflex___state____state.portal___state___base____portal_state.portal___state___"
OURS = f"{ACCOUNTS}accounts____accounts_state.load"
EMPTY_APP = """\
import reflex as rx
class State(rx.State):
    count: int = 0
    @rx.event
    async def add(self):
        self.count += 1
app = rx.App()
app.add_page(lambda: rx.el.p(State.count), route="/")
"""
EMPTY_CONFIG = """\
import os
os.environ["REFLEX_TELEMETRY_ENABLED"] = "false"
import reflex as rx
config = rx.Config(app_name="empty", telemetry_enabled=False, plugins=[],
    disable_plugins=[rx.plugins.SitemapPlugin], state_manager_mode="memory")
"""
EMPTY_SERVE = """\
import os, sys
sys.path.insert(0, os.getcwd())
os.environ["__REFLEX_SKIP_COMPILE"] = "true"
import rxconfig
from reflex.utils.exec import run_backend_prod
from reflex_base import constants
from reflex_base.environment import environment
environment.REFLEX_ENV_MODE.set(constants.Env.PROD)
environment.REFLEX_SKIP_COMPILE.set(True)
run_backend_prod("127.0.0.1", int(sys.argv[1]), mount_frontend_compiled_app=False)
"""
EMPTY = "reflex___state____state.empty___empty____state.add"


@contextmanager
def serving(command: list[str], folder: Path, port: int, **more: str) -> Iterator[str]:
    """Run a server in `folder` until the block ends; yield its address."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "STRIPE_"))}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**kept, **more},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            address, until = f"http://localhost:{port}", time.monotonic() + 240
            while time.monotonic() < until:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                if process.poll() is not None:
                    log.seek(0)
                    raise RuntimeError(log.read().decode(errors="replace")[-1500:])
                time.sleep(0.2)
            yield address
        finally:
            process.terminate()
            process.wait(20)


def round_trips(
    address: str, event: str, path: str, cookie_of: Callable[[int], str]
) -> list[float]:
    """Connect all residents; return the milliseconds of each event, one resident after another."""
    sockets = []
    for n in range(RESIDENTS):
        for _ in range(5):
            try:
                sockets.append(RawSocket(address, cookie=cookie_of(n)))
                break
            except Refused:
                time.sleep(0.2)
    found = []
    for attempt in range(ROUNDS + 1):
        for one in sockets:
            began = time.perf_counter()
            one.send(event, path=path)
            one._next("42/_event")
            if attempt:  # the first round makes the states
                found.append((time.perf_counter() - began) * 1000)
            one.heard(0.002)
    for one in sockets:
        one.close()
    return found


def figures(case: str, found: list[float]) -> dict[str, object]:
    """Return p50 and p95 of a case."""
    cuts = statistics.quantiles(found, n=20)
    return {
        "case": case,
        "residents": RESIDENTS,
        "events": len(found),
        "p50_ms": round(statistics.median(found), 2),
        "p95_ms": round(cuts[18], 2),
    }


def run() -> Iterator[dict[str, object]]:
    """Yield the empty app's figures, ours (Accounts, from the database) and their ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "empty").mkdir()
        (folder / "empty" / "__init__.py").touch()
        (folder / "empty" / "empty.py").write_text(EMPTY_APP)
        (folder / "rxconfig.py").write_text(EMPTY_CONFIG)
        (folder / "serve.py").write_text(EMPTY_SERVE)
        port = free_port()
        with serving([sys.executable, "serve.py", str(port)], folder, port) as address:
            bare = round_trips(address, EMPTY, "/", lambda n: "")
    yield figures("empty app", bare)
    with databases.fresh_url() as url, tempfile.TemporaryDirectory() as data:
        engine = create_engine(url)
        with Session(engine, expire_on_commit=False) as session, session.begin():
            secrets = []
            for _ in range(RESIDENTS):
                resident, _, _ = factories.household(session)
                secrets.append(
                    sessions.create(session, resident, False, "192.0.2.1", "bench", utc_now())
                )
        engine.dispose()
        port = free_port()
        with serving(
            [sys.executable, "-m", "portal.serve", str(port)],
            ROOT,
            port,
            PORTAL_DATABASE_URL=url,
            PORTAL_DATA_DIR=data,
            PORTAL_PUBLIC_URL=f"http://localhost:{port}",
            PORTAL_ENV_FILE="",
            PORTAL_DEMO="1",
        ) as address:
            ours = round_trips(
                address, OURS, "/utility-billing/accounts", lambda n: f"{COOKIE}={secrets[n]}"
            )
    yield figures("Accounts of a resident", ours)
    yield {
        "case": "ratio to an empty app",
        "p50": round(statistics.median(ours) / statistics.median(bare), 2),
    }
