"""The guide's steps 6 to 9 in Chromium, through the real stand-in: pay, be declined, 3-D Secure."""

import re
from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import FrameLocator, Page, expect
from sqlalchemy import create_engine, text

from portal.demo.stories import PASSWORD
from portal.style import PAPER, TEXT_CONTRAST, contrast, rgb, written
from tests.browser.checks import findings, ready
from tests.browser.conftest import Running

pytestmark = pytest.mark.browser


def _to_the_card_page(page: Page, sign_in: Callable[..., None], email: str) -> str:
    """Follow the guide from Manage Bills to Billing Information; return the cart's id."""
    sign_in(email, PASSWORD)
    page.wait_for_url("**/")
    page.goto("/utility-billing/accounts")
    ready(page)
    page.get_by_role("link", name=re.compile("Manage Bills")).last.click()
    page.get_by_role("button", name="Add to Cart").click()
    page.get_by_role("link", name=re.compile(r"My Cart \([1-9]")).first.click()
    expect(page.get_by_role("button", name="Checkout")).to_be_visible()
    assert findings(page) == []
    page.get_by_role("button", name="Checkout").click()
    expect(page.get_by_role("heading", level=1, name="Pay Bills")).to_be_visible()
    ready(page)
    assert findings(page) == []
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1, name="Billing Information")).to_be_visible()
    return page.url.rsplit("/", 1)[-1]


def _card(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title='Secure card fields']")


def _fill(page: Page, number: str) -> None:
    _card(page).get_by_label("Card number").fill(number)
    _card(page).get_by_label("Expiration date").fill("1234")
    _card(page).get_by_label("Security code").fill("123")


def _card_fields_are_readable(page: Page) -> None:
    """Hold the processor's frame to our ground and to contrast on it, by day and by night."""
    expect(_card(page).get_by_label("Card number")).to_be_visible()
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        ground = Image.open(BytesIO(page.locator("iframe").screenshot())).convert("RGB")
        assert ground.getpixel((1, 1)) == rgb(PAPER[scheme])
        colour = _card(page).locator("label").first.evaluate("it => getComputedStyle(it).color")
        red, green, blue = (int(part) for part in re.findall(r"\d+", colour))
        assert contrast(written((red, green, blue)), PAPER[scheme]) >= TEXT_CONTRAST


def _pay(page: Page) -> None:
    page.get_by_role("button", name="Make Payment").click()


def _clock_ends_in(portal: Running, cart: str, seconds: int) -> None:
    engine = create_engine(portal.database_url)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE cart SET expires_at = now() + make_interval(secs => :s) WHERE id = :c"),
            {"s": seconds, "c": cart},
        )
    engine.dispose()


def _put_in_doubt(portal: Running, payment: str, status: str) -> None:
    engine = create_engine(portal.database_url)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE payment SET status = :s, created_at = now() WHERE id = :p"),
            {"s": status, "p": payment},
        )
    engine.dispose()


def test_declined_then_three_d_secure_failed_then_passed(
    page: Page, sign_in: Callable[..., None]
) -> None:
    _to_the_card_page(page, sign_in, "maria@example.org")
    assert findings(page) == []
    _card_fields_are_readable(page)
    page.get_by_label("Name", exact=True).fill("Maria Q. Delgado")
    _fill(page, "4000000000000002")
    _pay(page)
    expect(page.get_by_role("alert")).to_contain_text("You have not been charged")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Maria Q. Delgado")
    bank = page.frame_locator("dialog iframe")
    _fill(page, "4000002500003155")
    _pay(page)
    bank.get_by_role("button", name="Fail authentication").click()
    expect(page.get_by_role("alert").first).to_contain_text("could not confirm that it is you")
    _fill(page, "4000002500003155")
    _pay(page)
    bank.get_by_role("button", name="Complete authentication").click()
    expect(page.get_by_role("heading", level=1, name="Receipt")).to_be_visible()
    ready(page)
    expect(page.get_by_text("Thank you. Your payment was received.")).to_be_visible()
    expect(page.get_by_text("Visa ending in 3155")).to_be_visible()
    assert findings(page) == []
    # Back to a paid cart's page leads to its receipt again, and a bookmark works.
    page.go_back()
    expect(page.get_by_role("heading", level=1, name="Receipt")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Thank you. Your payment was received.")).to_be_visible()


def test_a_reload_while_the_bank_asks_leads_back_to_its_question(
    page: Page, sign_in: Callable[..., None]
) -> None:
    cart = _to_the_card_page(page, sign_in, "grace@example.org")
    _fill(page, "4000002500003155")
    _pay(page)
    bank = page.frame_locator("dialog iframe")
    expect(bank.get_by_role("button", name="Complete authentication")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", level=1, name="Confirm with your bank")).to_be_visible()
    expect(page.get_by_role("button", name="Make Payment")).to_have_count(0)
    assert findings(page) == []
    # Left and come back by the cart, which offers no second payment, and by the receipt.
    page.goto("/cart")
    ready(page)
    expect(page.get_by_role("button", name="Checkout")).to_have_count(0)
    assert findings(page) == []
    page.get_by_role("link", name="See where the payment stands").click()
    page.get_by_role("button", name="Continue with your bank").click()
    expect(bank.get_by_role("button", name="Fail authentication")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Stop and use another card").click()
    expect(page.get_by_role("heading", level=1, name="Billing Information")).to_be_visible()
    _fill(page, "4000002500003155")
    _pay(page)
    expect(bank.get_by_role("button", name="Complete authentication")).to_be_visible()
    page.goto(f"/pay/{cart}")
    page.get_by_role("button", name="Continue with your bank").click()
    bank.get_by_role("button", name="Complete authentication").click()
    expect(page.get_by_text("Thank you. Your payment was received.")).to_be_visible()


def test_the_receipt_of_a_payment_in_doubt_finds_out_by_itself(
    page: Page, portal: Running, sign_in: Callable[..., None]
) -> None:
    _to_the_card_page(page, sign_in, "bruno@example.org")
    _fill(page, "4242424242424242")
    _pay(page)
    expect(page.get_by_text("Thank you. Your payment was received.")).to_be_visible()
    number = page.url.split("id=")[1]
    _put_in_doubt(portal, number, "confirming")
    page.reload()
    expect(page.get_by_text("We are checking; do not pay again.")).to_be_visible()
    ready(page)
    assert findings(page) == []
    _put_in_doubt(portal, number, "succeeded")
    # Nothing is pressed.
    expect(page.get_by_text("Thank you. Your payment was received.")).to_be_visible()


def test_the_time_runs_out_is_extended_and_runs_out(
    page: Page, portal: Running, sign_in: Callable[..., None]
) -> None:
    cart = _to_the_card_page(page, sign_in, "paul@example.org")
    _clock_ends_in(portal, cart, 121)
    page.reload()
    page.get_by_label("Phone").fill("925-555-0199")
    dialog = page.get_by_role("dialog", name="Do you need more time?")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Give me 10 more minutes").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"1[12]:\d\d"))
    page.get_by_label("Phone").blur()
    _clock_ends_in(portal, cart, 2)
    page.reload()
    expect(page.get_by_role("heading", level=1, name="The time to pay is over")).to_be_visible()
    expect(page.get_by_text("You have not been charged.").first).to_be_visible()
    page.get_by_role("button", name="Continue with 10 new minutes").click()
    expect(page.get_by_label("Phone")).to_have_value("925-555-0199")
    _fill(page, "4242424242424242")
    _pay(page)
    expect(page.get_by_text("Thank you. Your payment was received.")).to_be_visible()


def test_in_spanish_on_a_phone(phone: Page, sign_in: Callable[..., None]) -> None:
    cart = _to_the_card_page(phone, lambda e, p: sign_in(e, p, phone), "irene@example.org")
    phone.goto(f"/es/pay/{cart}")
    expect(phone.get_by_role("heading", level=1, name="Información de facturación")).to_be_visible()
    assert findings(phone) == []
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    card = phone.frame_locator("iframe[title='Datos de la tarjeta']")
    card.get_by_label("Número de tarjeta").fill("4242424242424242")
    card.get_by_label("Vencimiento").fill("1234")
    card.get_by_label("Código de seguridad").fill("123")
    phone.get_by_role("button", name="Realizar el pago").click()
    expect(phone.get_by_text("Gracias. Recibimos su pago.")).to_be_visible()
    assert phone.url.split("?")[0].endswith("/es/receipt")
