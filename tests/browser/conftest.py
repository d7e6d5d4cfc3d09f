"""Chromium against the built front end: one server a run, one browser, one context a test."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlalchemy import Engine, create_engine
from sqlmodel import Session, col, delete, select

from portal.config import ROOT
from portal.demo.loopback import free_port
from portal.demo.oidc import server as oidc
from portal.demo.stripe.server import environment_for
from portal.domain.identity import sessions
from portal.kit import db as kit_db
from portal.models.accounts import Account
from portal.models.bills import Bill
from portal.models.identity import AccountLink, Throttle, User
from tests import databases
from tests.browser.checks import CHROMIUM, watch

CITY = "pleasanton"
ACCOUNTS = 24
# As patient as the rest: five seconds are little where two cores do everything at once.
expect.set_options(timeout=15_000)


@dataclass(frozen=True)
class Running:
    """The portal under test: its address, its database and what it wrote."""

    url: str
    database_url: str
    log: Path

    def path(self, path: str) -> str:
        """Return the full address of a path."""
        return self.url + path


def environment(city: str, **more: str) -> dict[str, str]:
    """Return what a portal process of ours sees: none of this machine's own settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PORTAL_", "STRIPE_", "SMTP_", "MAIL_", "OIDC_"))
    }
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "PORTAL_ENV_FILE": "",
        "PORTAL_CITY": city,
        "PORTAL_DEMO": "1",
        "PORTAL_SECRET_KEY": "a-key-for-tests-only-of-thirty-two-bytes",
        **more,
    }


def load_town(engine: Engine, city_key: str, accounts: int, folder: Path) -> None:
    """Load a small demo town into the database of `engine`."""
    from portal.cities import city_file, read_city
    from portal.demo.load import load
    from portal.kit.clock import utc_now

    before = list(kit_db._current)
    kit_db.bind(engine)
    try:
        load(read_city(city_file(city_key)), accounts=accounts, now=utc_now(), folder=folder)
    finally:
        kit_db._current[:] = before


@contextmanager
def standing_in(environ: dict[str, str], data: Path) -> Iterator[None]:
    """Run the payment stand-in and the identity provider beside the portal."""
    running = []
    for name in ("stripe", "oidc"):
        with (data / f"{name}.log").open("w") as out:
            running.append(
                subprocess.Popen(
                    [sys.executable, "-m", f"portal.demo.{name}.server"],
                    cwd=ROOT,
                    env=environ,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )
    try:
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(timeout=20)


def start(
    url: str, data: Path, city: str = CITY, *, workers: int = 1, **more: str
) -> Iterator[Running]:
    """Yield a served portal on a free port; ended by SIGTERM, which it must obey in time."""
    port = free_port()
    address = f"http://localhost:{port}"
    log = data / "server.log"
    processor = environment_for(port) | oidc.environment_for()
    environ = environment(
        city,
        **processor,
        PORTAL_DATABASE_URL=url,
        PORTAL_DATA_DIR=str(data),
        PORTAL_PUBLIC_URL=address,
        **more,
    )
    with standing_in(environ, data), serving(environ, port, log, workers):
        yield Running(address, url, log)


@contextmanager
def serving(
    environ: dict[str, str], port: int, log: Path, workers: int = 1
) -> Iterator[subprocess.Popen[bytes]]:
    """Serve a portal until the block ends."""
    with log.open("a") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "portal.serve", str(port), str(workers)],
            cwd=ROOT,
            env=environ,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_up(f"http://localhost:{port}", process, log)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_until_up(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    # The first run builds the front end; afterwards the server is up within a second or two.
    give_up = time.monotonic() + 240
    while time.monotonic() < give_up:
        if process.poll() is not None:
            raise RuntimeError(f"the portal did not start:\n{log.read_text()[-3000:]}")
        try:
            with urllib.request.urlopen(address + "/ping", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the portal did not answer:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Yield the portal of Pleasanton with a small demo town, for all tests of this process."""
    data = tmp_path_factory.mktemp("portal")
    with databases.fresh_url() as url:
        engine = create_engine(url)
        load_town(engine, CITY, ACCOUNTS, data / "town")
        engine.dispose()
        yield from start(url, data)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Yield one Chromium for the browser tests of this process.

    Not for the session: while playwright is up its event loop counts as running in this thread,
    and every other test that wants one of its own would fail.
    """
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def quiet_network(portal: Running) -> None:
    """Forget what other tests did from this one address: each counts for itself."""
    engine = create_engine(portal.database_url)
    of_network = col(Throttle.bucket).regexp_match("^(forms|links|.*:ip):")
    with engine.begin() as connection:
        connection.execute(delete(Throttle).where(of_network))
    engine.dispose()


@pytest.fixture
def context(browser: Browser, portal: Running, quiet_network: None) -> Iterator[BrowserContext]:
    """Yield a fresh profile: own cookies, own storage, a wide screen."""
    made = browser.new_context(base_url=portal.url, viewport={"width": 1280, "height": 900})
    made.set_default_timeout(15_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Yield a page that fails the test where its console or network reports an error."""
    opened = context.new_page()
    problems = watch(opened)
    yield opened
    assert problems == []


@pytest.fixture
def phone(browser: Browser, portal: Running, quiet_network: None) -> Iterator[Page]:
    """Yield a page on a phone of 390 px."""
    made = browser.new_context(
        base_url=portal.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    made.set_default_timeout(15_000)
    opened = made.new_page()
    problems = watch(opened)
    yield opened
    made.close()
    assert problems == []


@pytest.fixture
def sign_in(page: Page) -> Callable[..., None]:
    """Return what signs `page` in by the form, as a resident of the town."""

    def by_form(email: str, password: str, on: Page = page) -> None:
        on.goto("/sign-in")
        on.get_by_label("Email address").fill(email)
        on.get_by_label("Password", exact=True).fill(password)
        on.get_by_role("button", name="Sign in", exact=True).click()

    return by_form


@pytest.fixture
def resident(context: BrowserContext, portal: Running) -> dict[str, str]:
    """Sign the guide's resident in by cookie; return an account and a bill of theirs."""
    engine = create_engine(portal.database_url)
    with Session(engine) as session:
        email = "guide@example.org"
        user = session.exec(select(User).where(User.email == email)).first()
        if user is None:
            linked = select(AccountLink.user_id)
            user = session.exec(
                select(User).where(col(User.id).in_(linked), User.role == "resident")
            ).first()
        assert user is not None
        link = session.exec(select(AccountLink).where(AccountLink.user_id == user.id)).first()
        assert link is not None
        bill = session.exec(
            select(Bill.id)
            .join(Account, col(Account.id) == Bill.account_id)
            .where(Bill.account_id == link.account_id)
            .order_by(col(Bill.due_date).desc())
        ).first()
        found = {"account": str(link.account_id), "bill": str(bill)}
        cookie(context, session, user, portal.url)
        session.commit()
    engine.dispose()
    return found


def cookie(
    context: BrowserContext, session: Session, user: User, url: str, ip: str = "192.0.2.1"
) -> None:
    """Sign `user` in in a profile, as the form would; staff with their second factor."""
    staff = user.role in sessions.STAFF_ROLES
    secret = sessions.create(
        session, user, False, ip, "test", datetime.now(UTC), second_factor=staff
    )
    context.add_cookies(
        [
            {
                "name": "__Host-portal",
                "value": secret,
                "url": url.replace("http://", "https://"),
                "secure": True,
                "httpOnly": True,
                "sameSite": "Lax",
            }
        ]
    )
