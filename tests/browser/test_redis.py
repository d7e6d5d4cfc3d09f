"""Two workers that share their States through a real Redis: what lies there, and when it dies."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import create_engine
from sqlmodel import Session

from portal.demo.loopback import free_port
from portal.domain.identity import passwords
from portal.domain.identity.sessions import hash_of
from tests import factories
from tests.browser.checks import ready, watch
from tests.browser.conftest import Running, start

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        shutil.which("redis-server") is None,
        reason="needs redis-server (apt install redis-server)",
    ),
]

PASSWORD = "canary lantern over nine bridges"
EMAIL = "canary.redis@example.org"
ACCOUNT_NO, CID = "90518844", "7734419"
NAME = "CANARY, QUILLA"


class Store:
    """A Redis of the test's own, and every command that it is sent."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.heard = folder / "monitor.log"
        self.server = self._run()

    def _run(self) -> "subprocess.Popen[bytes]":
        with (self.folder / "redis.log").open("a") as out:
            server = subprocess.Popen(
                ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""],
                cwd=self.folder,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        give_up = time.monotonic() + 20
        while time.monotonic() < give_up:
            try:
                if self.client().ping():
                    break
            except redis.ConnectionError:
                time.sleep(0.02)
        with self.heard.open("a") as out:
            self.monitor = subprocess.Popen(
                ["redis-cli", "-p", str(self.port), "monitor"], stdout=out, stderr=out
            )
        return server

    def client(self) -> "redis.Redis":
        """Return a connection, closed with the process."""
        return redis.Redis(port=self.port, single_connection_client=True)

    def die(self) -> None:
        """End as by kill -9."""
        os.kill(self.server.pid, signal.SIGKILL)
        self.server.wait(timeout=20)
        self.monitor.wait(timeout=20)

    def come_back(self) -> None:
        """Start again, empty."""
        self.server = self._run()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    started = Store(tmp_path)
    yield started
    started.die()


@contextmanager
def visiting(browser: Browser, portal: Running) -> Iterator[Page]:
    made = browser.new_context(base_url=portal.url, viewport={"width": 1280, "height": 900})
    made.set_default_timeout(15_000)
    page = made.new_page()
    problems = watch(page)
    yield page
    made.close()
    assert problems == []


def _household(database_url: str) -> None:
    engine = create_engine(database_url)
    with Session(engine) as db, db.begin():
        factories.user(db, email=EMAIL, password_hash=passwords.hash_of(PASSWORD))
        account = factories.account(db, account_no=ACCOUNT_NO)
        payer = factories.customer(db, cid=CID, name1=NAME)
        factories.tenure(db, account, payer)
        factories.bill(db, account, payer, 4321)
    engine.dispose()


def test_two_workers_keep_nothing_readable_in_redis_and_outlive_it(
    browser: Browser, portal: Running, store: Store, tmp_path: Path
) -> None:
    _household(portal.database_url)
    address = f"redis://127.0.0.1:{store.port}/0"
    with contextmanager(start)(
        portal.database_url, tmp_path, workers=2, PORTAL_REDIS_URL=address
    ) as two:
        with visiting(browser, two) as page:
            page.goto("/sign-in")
            page.get_by_label("Email address").fill(EMAIL)
            page.get_by_label("Password", exact=True).fill(PASSWORD)
            page.get_by_role("button", name="Sign in", exact=True).click()
            page.wait_for_url("**/")
            page.goto("/utility-billing/link")
            ready(page)
            page.get_by_label("What is the account ID?").fill(ACCOUNT_NO)
            page.get_by_label("What is the CID?").fill(CID)
            page.get_by_role("button", name="Submit").click()
            expect(page.locator("main [role=status]")).to_contain_text(f"Account {ACCOUNT_NO}")
            page.goto("/utility-billing/accounts")
            ready(page)
            page.get_by_role("link", name="Manage Bills").last.click()
            page.get_by_role("button", name="Add to Cart").click()
            expect(page.get_by_role("link", name="My Cart (1 item)").first).to_be_visible()
            (session,) = (
                c["value"] for c in page.context.cookies() if c["name"] == "__Host-portal"
            )
            _nothing_readable(store, session)
            store.die()
            # What the server draws needs no Redis: the sign-in is in our database.
            page.goto("/settings/password")
            expect(page.get_by_role("heading", level=1, name="Change Password")).to_be_visible()
            store.come_back()
            page.goto("/cart")
            ready(page)
            expect(page.get_by_role("button", name="Checkout")).to_be_visible()
            page.goto("/settings")
            ready(page)
            expect(page.locator("main")).to_contain_text(EMAIL)
            _nothing_readable(store, session)
        log = two.log.read_text()
    assert [word for word in (PASSWORD, session, EMAIL, ACCOUNT_NO, NAME) if word in log] == []


def _nothing_readable(store: Store, session: str) -> None:
    """Look for what no one may read, in what lies in Redis and in every command it was sent."""
    client = store.client()
    keys = client.keys("*")
    assert len(keys) > 5, "States lie there"
    heard = store.heard.read_bytes()
    assert b"portal___state___" in heard, "and the monitor heard of them"
    told = heard + b"\n".join(keys)
    told += b"\n".join(client.get(key) or b"" for key in keys if client.type(key) == b"string")
    client.close()
    words = (PASSWORD, session, EMAIL, ACCOUNT_NO, CID, NAME, "43.21", hash_of(session))
    assert [word for word in words if word.encode() in told] == []
