"""`demo`: a town on this machine, from nothing to the first page, and back to nothing."""

import fcntl
import json
import os
import shutil
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer

from portal.commands.running import check_settings, fail
from portal.kit.lifeline import Child

_READY_SECONDS = 60
_STALE = timedelta(days=3)
_SIZE = "How large a town; the first 5,000 accounts have hourly readings."


def demo(
    city: Annotated[str, typer.Option(help="pleasanton, leesburg or minot.")] = "pleasanton",
    accounts: Annotated[int, typer.Option(min=30, max=200_000, help=_SIZE)] = 400,
    seed: Annotated[int, typer.Option(help="Another seed is another town.")] = 1,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 3000,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what was done in it.")] = False,
) -> None:
    """Set up a demo town and serve it until Ctrl-C."""
    began = time.monotonic()
    _stop_on_signals()
    environment = _environment(city, port)

    from portal import database
    from portal.cities import city as city_now
    from portal.kit.clock import utc_now
    from portal.serve import PortTaken, check_port

    check_settings()
    try:
        check_port("127.0.0.1", port)
    except PortTaken:
        fail(f"Port {port} is taken by another program. Choose another: make demo PORT={port + 1}")
    town = city_now()
    children: list[Child] = []
    catcher = None
    with _alone(town.key):
        try:
            _prepare(accounts, seed, fresh)
            _build()
            catcher = _catch_mail(town.key, environment)
            children.append(_serve(port, environment))
            _wait_for(f"http://127.0.0.1:{port}/", children[0])
            # After it: on two cores their start would make the first page wait.
            children += _start_the_rest(environment)
            from portal.demo import stories

            print()
            address = f"http://localhost:{port}"
            print("\n".join(stories.introduction(town, accounts, address, utc_now())))
            seconds = time.monotonic() - began
            print(f"Ready after {seconds:.1f} s. Ctrl-C stops everything.", flush=True)
            _watch(children)
        except KeyboardInterrupt:
            print("\nStopping ...", flush=True)
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            for child in children:
                child.ask_to_stop()
            for child in children:
                child.stop()
            if catcher is not None:
                catcher.stop()
            database.close()


def _folder() -> Path:
    from portal.config import settings

    return settings().data_dir / "demo"


@contextmanager
def _alone(city: str) -> Iterator[None]:
    """Hold the town: a second demo of it would work off its mail, or make it anew under this one.

    The system takes the lock back from a demo that was killed.
    """
    _folder().mkdir(parents=True, exist_ok=True)
    with (_folder() / f"{city}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fail(f"A demo of {city} runs already. Stop it first, or try another city: CITY=...")
        yield


def _stop_on_signals() -> None:
    def stop(number: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)
    # A shell that starts us in the background makes us deaf to Ctrl-C's signal.
    signal.signal(signal.SIGINT, stop)


def _environment(city: str, port: int) -> dict[str, str]:
    """Set the demo's settings, whatever .env says, and return them for the children."""
    from portal.config import settings

    os.environ.update(
        {
            "PORTAL_CITY": city,
            "PORTAL_DEMO": "1",
            "PORTAL_PAYMENTS": "demo",
            "PORTAL_PUBLIC_URL": f"http://localhost:{port}",
            # A town of its own beside whatever this machine's .env serves.
            "PORTAL_DATABASE_URL": "",
            "PORTAL_REDIS_URL": "",
            "PORTAL_CITY_FILE": "",
            "STRIPE_SECRET_KEY": "",
            "STRIPE_PUBLISHABLE_KEY": "",
            "MAIL_FROM": "",
        }
    )
    os.environ.pop("PORTAL_CITY_FILE")
    settings.cache_clear()
    return dict(os.environ)


def _prepare(accounts: int, seed: int, fresh: bool) -> None:
    """See that the town stands: migrated, generated and imported, once for its size and seed."""
    from portal import database, migrations
    from portal.cities import city

    mark = _folder() / f"{city().key}.json"
    wanted = {"accounts": accounts, "seed": seed}
    stands = json.loads(mark.read_text()) if mark.exists() else None
    print("Starting PostgreSQL ...", flush=True)
    engine = database.connect()
    with engine.connect() as connection:
        found = migrations.revision_of(connection)
    # Before a release the one migration is made again; a demo town is made again with it.
    other = stands is not None and (stands.get("town") != wanted or found != migrations.head())
    if fresh or other:
        print("Forgetting the town that stood here ...", flush=True)
        database.forget(database.database_name())
        _forget_leavings(city().key)
        mark.unlink(missing_ok=True)
        engine, found, stands = database.connect(), "", None
    if found != migrations.head():
        migrations.migrate(engine)
    from portal.kit.clock import utc_now

    if stands and stands.get("town") == wanted and stands.get("loaded"):
        age = utc_now() - datetime.fromisoformat(stands["loaded"])
        if age > _STALE:
            print(f"This town's readings are {age.days} days old: make demo FRESH=1 renews it.")
        return
    from portal.commands.exchange import progress_line
    from portal.demo import load

    _note(mark, {"town": wanted, "loaded": ""})
    load.load(
        city(), accounts=accounts, seed=seed, now=utc_now(), say=_say, progress=progress_line()
    )
    _note(mark, {"town": wanted, "loaded": utc_now().isoformat()})


def _note(mark: Path, said: dict[str, Any]) -> None:
    # Whole or not at all: half a note would stop every later start.
    fresh = mark.with_suffix(".new")
    fresh.write_text(json.dumps(said))
    fresh.replace(mark)


def _forget_leavings(city: str) -> None:
    # Mail with links that lead nowhere now, and payments that the new books know nothing of.
    from portal.config import settings
    from portal.demo.mailbox import catcher
    from portal.demo.stripe import memory

    shutil.rmtree(catcher.folder(settings().data_dir, city), ignore_errors=True)
    memory.file_of(settings().data_dir, city).unlink(missing_ok=True)


def _say(line: str) -> None:
    print(line, flush=True)


def _build() -> None:
    from portal import build

    if not build.current().is_dir():
        print("Building the pages (their sources changed) ...", flush=True)
    build.ensure()


def _catch_mail(city: str, environment: dict[str, str]) -> Any:
    from portal.config import settings
    from portal.demo.mailbox import catcher

    caught = catcher.Catcher(catcher.folder(settings().data_dir, city))
    environment["SMTP_URL"] = caught.url
    return caught


def _serve(port: int, environment: dict[str, str]) -> Child:
    from portal.demo.oidc import server as oidc
    from portal.demo.stripe.server import environment_for

    for name in [name for name in environment if name.startswith("OIDC_")]:
        del environment[name]  # whatever this machine's own settings are
    environment.update(environment_for(port) | oidc.environment_for())
    web = ["portal", "serve", "--host", "127.0.0.1", "--port", str(port)]
    return _child("web server", web, environment)


def _start_the_rest(environment: dict[str, str]) -> Iterator[Child]:
    # Each is handed over as it starts: whatever then goes wrong, all of them are stopped.
    yield (payments := _child("payment stand-in", ["portal.demo.stripe.server"], environment))
    yield (provider := _child("identity provider", ["portal.demo.oidc.server"], environment))
    yield _child("job worker", ["portal", "jobs", "run"], environment)
    _wait_for(environment["STRIPE_API_BASE"], payments)
    _wait_for(environment["OIDC_DEMO_BASE"], provider)


def _child(name: str, module: Sequence[str], environment: dict[str, str]) -> Child:
    logs = _folder() / "log" / environment["PORTAL_CITY"]
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{name.replace(' ', '-')}.log"
    return Child(name, [sys.executable, "-m", *module], environment, log)


def _wait_for(address: str, server: Child) -> None:
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until:
        _expect_alive([server])
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except urllib.error.HTTPError as answer:
            if answer.code < 500:  # it listens, and has no page at this address
                return
        except OSError:
            pass
        time.sleep(0.1)
    fail(f"The {server.name} does not answer.\n{server.last_words()}")


def _watch(children: Sequence[Child]) -> NoReturn:
    while True:
        _expect_alive(children)
        time.sleep(0.5)


def _expect_alive(children: Sequence[Child]) -> None:
    for child in children:
        if child.process.poll() is not None:
            fail(f"The {child.name} stopped ({child.log}):\n{child.last_words()}")
