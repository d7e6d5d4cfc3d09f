"""What goes wrong while paying, in Chromium: each a clear sentence, nothing lost, charged once."""

import json
import os
import re
import signal
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import Engine, create_engine, text
from sqlmodel import Session

from portal.demo.loopback import free_port
from portal.demo.oidc import server as oidc
from portal.demo.stripe.server import environment_for
from portal.domain.cart import operations
from portal.domain.payments.desk import Desk
from portal.gateways.payment_mode import STANDIN_SECRET, STANDIN_WEBHOOK
from portal.gateways.stripe import StripeProcessor
from tests import databases, factories
from tests.browser.checks import findings, ready
from tests.browser.conftest import (
    CITY,
    Running,
    cookie,
    environment,
    serving,
    standing_in,
)

pytestmark = pytest.mark.browser
THANKS = "Thank you. Your payment was received."


@dataclass(frozen=True)
class Checkout:
    """A resident of a test's own who has just chosen Continue."""

    cart: str
    engine: Engine

    def run(self, sql: str) -> Any:
        """Run a statement about this cart and return its first value, if it has one."""
        with self.engine.begin() as connection:
            result = connection.execute(text(sql), {"cart": self.cart})
            return result.scalar() if result.returns_rows else None


def _begin(context: BrowserContext, engine: Engine, url: str, *cents: int) -> Checkout:
    with Session(engine, expire_on_commit=False) as session:
        user, place, payer = factories.household(session)
        bills = [factories.bill(session, place, payer, amount) for amount in cents]
        actor = factories.actor(user, authenticated_at=datetime.now(UTC))
        operations.add(session, actor, [str(bill.id) for bill in bills])
        cart = operations.begin_checkout(session, actor, {})
        cookie(context, session, user, url)
        session.commit()
    return Checkout(str(cart), engine)


@pytest.fixture
def books(portal: Running) -> Iterator[Engine]:
    engine = create_engine(portal.database_url)
    yield engine
    engine.dispose()


def _fill(page: Page, number: str) -> None:
    card = page.frame_locator("iframe[title='Secure card fields']")
    card.get_by_label("Card number").fill(number)
    card.get_by_label("Expiration date").fill("1234")
    card.get_by_label("Security code").fill("123")
    _bill_to(page)


def _bill_to(page: Page) -> None:
    page.get_by_label("Address", exact=True).fill("101 Main St")
    page.get_by_label("City", exact=True).fill("Pleasanton")
    page.get_by_label("State").select_option("CA")
    page.get_by_label("Zip").fill("94566")


def test_without_javascript_the_page_says_what_to_do_and_keeps_what_was_typed(
    browser: Browser, portal: Running, books: Engine
) -> None:
    context = browser.new_context(base_url=portal.url, java_script_enabled=False)
    paying = _begin(context, books, portal.url, 5000)
    page = context.new_page()
    page.goto(f"/pay/{paying.cart}")
    # The driver stops scripts and yet draws no noscript: what stands in it is read.
    noscript = page.locator("main noscript")
    said = noscript.text_content() or ""
    assert "Paying by card on this page needs JavaScript" in said
    assert "You have not been charged. Your cart and what you typed are kept." in said
    expect(noscript.locator("a")).to_have_attribute("href", "tel:+19259315500")
    # A clock that does not run is not shown.
    expect(page.get_by_text("Time left to pay")).to_be_hidden()
    page.get_by_label("Phone").fill("925-555-0142")
    page.get_by_role("button", name="Make Payment").click()
    expect(page.get_by_label("Phone")).to_have_value("925-555-0142")
    context.close()
    assert paying.run("SELECT count(*) FROM payment WHERE cart_id = :cart") == 0
    assert paying.run("SELECT status FROM cart WHERE id = :cart") == "checkout"


def test_ten_minutes_pass_on_an_open_page(
    context: BrowserContext, portal: Running, books: Engine
) -> None:
    # Not the watched page: losing the connection is an error on its console.
    page = context.new_page()
    paying = _begin(context, books, portal.url, 5000)
    page.clock.install()
    page.goto(f"/pay/{paying.cart}")
    dialog = page.get_by_role("dialog", name="Do you need more time?")
    phone = page.get_by_label("Phone")
    page.clock.run_for(5 * 60_000)
    expect(page.get_by_text("5 minutes left to pay")).to_be_attached()
    expect(dialog).to_be_hidden()
    phone.focus()
    page.clock.run_for(3 * 60_000)
    expect(dialog).to_be_visible()
    expect(page.get_by_text("2 minutes left to pay")).to_be_attached()
    expect(dialog.get_by_text("nothing has been charged")).to_be_visible()
    more = dialog.get_by_role("button", name="Give me 10 more minutes")
    expect(more).to_be_focused()
    assert findings(page) == []
    # Nobody answers: the page stays, and says so.
    page.context.set_offline(True)
    more.click()
    expect(dialog.get_by_text("We could not be reached just now.")).to_be_visible()
    page.context.set_offline(False)
    more.click()
    expect(dialog).to_be_hidden()
    expect(phone).to_be_focused()
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"^1[89]:\d\d$"))
    # Still being typed, as the time runs out.
    phone.fill("925-555-0177")
    paying.run("UPDATE cart SET expires_at = now() WHERE id = :cart")
    page.clock.fast_forward(20 * 60_000)
    expect(page.get_by_role("heading", level=1, name="The time to pay is over")).to_be_visible()
    said = "You have not been charged. Your cart and what you typed are kept."
    expect(page.get_by_text(said)).to_be_visible()
    expect(page.get_by_text("$50.00")).to_be_visible()
    assert findings(page) == []
    page.get_by_role("button", name="Continue with 10 new minutes").click()
    expect(phone).to_have_value("925-555-0177")
    assert paying.run("SELECT count(*) FROM payment WHERE cart_id = :cart") == 0


def test_after_paying_neither_back_nor_another_tab_pays_again(
    page: Page, context: BrowserContext, portal: Running, books: Engine
) -> None:
    paying = _begin(context, books, portal.url, 5000)
    page.goto(f"/pay/{paying.cart}")
    late = context.new_page()
    late.goto(f"/pay/{paying.cart}")
    _fill(late, "4242424242424242")
    _fill(page, "4242424242424242")
    page.get_by_role("button", name="Make Payment").click()
    expect(page.get_by_text(THANKS)).to_be_visible()
    page.go_back()
    expect(page.get_by_text(THANKS)).to_be_visible()
    expect(page.get_by_role("button", name="Make Payment")).to_have_count(0)
    # A tab that was left standing since before: its button leads to the receipt.
    late.get_by_role("button", name="Make Payment").click()
    expect(late.get_by_text(THANKS)).to_be_visible()
    assert paying.run("SELECT count(*) FROM payment WHERE cart_id = :cart") == 1


@pytest.mark.parametrize("width", [1280, 390])
def test_a_wrong_amount_is_named_at_its_field_and_stays(
    page: Page, context: BrowserContext, portal: Running, books: Engine, width: int
) -> None:
    paying = _begin(context, books, portal.url, 5000, 7000)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/pay-bills")
    ready(page)
    first, second = page.get_by_role("textbox").all()
    for typed, said in (
        ("fifty", "Enter a Payment Amount in dollars and cents, like 127.11."),
        ("60", "The Payment Amount is more than the balance. Enter $50.00 or less."),
        ("-5", "Enter a Payment Amount in dollars and cents, like 127.11."),
    ):
        first.fill(typed)
        # As slow as a finger: what the field's leaving tells the server is answered meanwhile.
        page.get_by_role("button", name="Continue").hover()
        page.mouse.down()
        page.wait_for_timeout(400)
        page.mouse.up()
        link = page.get_by_role("alert").get_by_role("link", name=said)
        expect(link).to_have_count(1)
        expect(first).to_have_attribute("aria-invalid", "true")
        expect(first).to_have_accessible_description(said)
        expect(second).to_have_attribute("aria-invalid", "false")
        expect(first).to_have_value(typed)
        link.click()
        expect(first).to_be_focused()
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    first.fill("20.50")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("button", name="Make Payment $90.50")).to_be_visible()
    assert paying.run("SELECT count(*) FROM payment WHERE cart_id = :cart") == 0


@pytest.mark.parametrize("width", [1280, 390])
def test_a_bank_that_says_no_is_told_kindly(
    page: Page, context: BrowserContext, portal: Running, books: Engine, width: int
) -> None:
    paying = _begin(context, books, portal.url, 5000)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"/pay/{paying.cart}")
    _fill(page, "4000002500003155")
    page.get_by_role("button", name="Make Payment").click()
    bank = page.frame_locator("dialog iframe")
    bank.get_by_role("button", name="Fail authentication").click()
    problem = page.get_by_role("alert").first
    expect(problem).to_contain_text("Your bank could not confirm that it is you.")
    expect(problem).to_contain_text("You have not been charged.")
    expect(problem).to_be_focused()
    expect(problem).to_be_in_viewport()
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.get_by_label("Zip")).to_have_value("94566")
    failed = paying.run("SELECT id FROM payment WHERE cart_id = :cart")
    page.goto(f"/receipt?id={failed}")
    expect(page.get_by_text("This payment did not go through.")).to_be_visible()
    expect(page.get_by_text("Receipt sent to")).to_have_count(0)
    assert findings(page) == []


@dataclass(frozen=True)
class Standin:
    """The stand-in of a portal of a test's own."""

    base: str

    def control(self, **asked: str) -> dict[str, Any]:
        """Set faults; return what the stand-in counts."""
        body = "&".join(f"{name}={value}" for name, value in asked.items()).encode()
        with urllib.request.urlopen(f"{self.base}/controls", data=body) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def until_charged(self) -> None:
        """Return once a charge was made whose reply is held back."""
        give_up = time.monotonic() + 30
        while self.control()["charges"] == 0:
            assert time.monotonic() < give_up, "nothing was charged"

    def sweep_a_minute_later(self, engine: Engine) -> None:
        """Do what the job of the next minute does."""

        @contextmanager
        def begin() -> Iterator[Session]:
            with Session(engine, expire_on_commit=False) as session, session.begin():
                yield session

        with engine.begin() as connection:
            connection.execute(
                text("UPDATE payment SET created_at = created_at - interval '61 seconds'")
            )
        processor = StripeProcessor(
            STANDIN_SECRET, STANDIN_WEBHOOK, livemode=False, api_base=self.base
        )
        Desk(processor, begin).sweep()


def test_the_server_dies_after_make_payment_and_comes_back(
    browser: Browser, tmp_path: Path
) -> None:
    port = free_port()
    url = f"http://localhost:{port}"
    processor = environment_for(port) | oidc.environment_for()
    standin = Standin(processor["STRIPE_API_BASE"])
    with databases.fresh_url() as database:
        environ = environment(
            CITY,
            **processor,
            PORTAL_DATABASE_URL=database,
            PORTAL_DATA_DIR=str(tmp_path),
            PORTAL_PUBLIC_URL=url,
        )
        engine = create_engine(database)
        log = tmp_path / "server.log"
        context = browser.new_context(base_url=url)
        context.set_default_timeout(15_000)
        page = context.new_page()
        with standing_in(environ, tmp_path):
            with serving(environ, port, log) as first:
                paying = _begin(context, engine, url, 5000)
                page.goto(f"/pay/{paying.cart}")
                _fill(page, "4242424242424242")
                standin.control(faults="lost_reply")
                page.get_by_role("button", name="Make Payment").click()
                standin.until_charged()
                os.killpg(first.pid, signal.SIGKILL)
                expect(page.get_by_text("Do not pay again.")).to_be_visible()
                expect(page.get_by_text("925-931-5500").filter(visible=True).first).to_be_visible()
                assert paying.run("SELECT status FROM payment") == "confirming"
            with serving(environ, port, log):
                # Nothing is pressed: the page goes on to the receipt once the server is back.
                expect(page.get_by_role("heading", level=1, name="Receipt")).to_be_visible()
                standin.sweep_a_minute_later(engine)
                expect(page.get_by_text(THANKS)).to_be_visible(timeout=30_000)
            assert standin.control()["charges"] == 1
            assert paying.run("SELECT count(*) FROM payment") == 1
            assert paying.run("SELECT count(*) FROM mail WHERE kind = 'receipt'") == 1
        context.close()
        engine.dispose()
