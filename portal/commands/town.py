"""`demo`: a town on this machine, from nothing to the first page, and back to nothing."""

import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from datetime import datetime, timedelta
from importlib.util import find_spec
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer

from portal.commands.lifeline import Child
from portal.commands.running import check_settings, fail

_READY_SECONDS = 60
_STALE = timedelta(days=3)


def demo(
    city: Annotated[str, typer.Option(help="pleasanton, leesburg or minot.")] = "pleasanton",
    accounts: Annotated[int, typer.Option(min=30, max=200_000, help="How large a town.")] = 400,
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
    try:
        _prepare(accounts, seed, fresh)
        _build()
        catcher = _catch_mail(town.key, environment)
        children += _start(port, environment)
        _wait_for_first_page(port, children)
        from portal.demo import stories

        print()
        print("\n".join(stories.introduction(town, f"http://localhost:{port}", utc_now())))
        print(f"Ready after {time.monotonic() - began:.1f} s. Ctrl-C stops everything.", flush=True)
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
    from portal.config import settings

    mark = settings().data_dir / "demo" / f"{city().key}.json"
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
        engine.dispose()
        database.forget(database.database_name())
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
    from portal.demo import load

    mark.parent.mkdir(parents=True, exist_ok=True)
    note: dict[str, Any] = {"town": wanted, "loaded": ""}
    mark.write_text(json.dumps(note))
    load.load(city(), accounts=accounts, seed=seed, now=utc_now(), say=_say)
    mark.write_text(json.dumps(note | {"loaded": utc_now().isoformat()}))


def _say(line: str) -> None:
    print(line, flush=True)


def _build() -> None:
    from portal import build

    if not build.current().is_dir():
        print("Building the pages (their sources changed) ...", flush=True)
    try:
        build.ensure()
    except RuntimeError as failed:
        fail(str(failed))


def _catch_mail(city: str, environment: dict[str, str]) -> Any:
    from portal.config import settings
    from portal.demo.mailbox import catcher

    caught = catcher.Catcher(catcher.folder(settings().data_dir, city))
    environment["SMTP_URL"] = caught.url
    return caught


def _start(port: int, environment: dict[str, str]) -> Sequence[Child]:
    from portal.config import settings

    logs = settings().data_dir / "demo" / "log"
    logs.mkdir(parents=True, exist_ok=True)
    ours = [sys.executable, "-m", "portal"]
    started = []
    if find_spec("portal.demo.stripe.server"):
        from portal.demo.stripe.server import environment_for

        stand_in = environment_for(port)
        environment.update(stand_in)
        started.append(
            Child(
                "payment stand-in",
                [sys.executable, "-m", "portal.demo.stripe.server"],
                environment,
                logs / "stripe.log",
            )
        )
    web = [*ours, "serve", "--host", "127.0.0.1", "--port", str(port)]
    started.append(Child("web server", web, environment, logs / "serve.log"))
    started.append(Child("job worker", [*ours, "jobs", "run"], environment, logs / "jobs.log"))
    return started


def _wait_for_first_page(port: int, children: Sequence[Child]) -> None:
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until:
        _expect_alive(children)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    fail(f"The web server does not answer.\n{children[-2].last_words()}")


def _watch(children: Sequence[Child]) -> NoReturn:
    while True:
        _expect_alive(children)
        time.sleep(0.5)


def _expect_alive(children: Sequence[Child]) -> None:
    for child in children:
        if child.process.poll() is not None:
            fail(f"The {child.name} stopped ({child.log}):\n{child.last_words()}")
