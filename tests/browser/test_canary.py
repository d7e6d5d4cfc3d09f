"""Words that nobody may keep are typed all the way to the receipt; then they are looked for."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from portal.demo.stories import PASSWORD
from tests.browser.checks import ready
from tests.browser.conftest import Running
from tests.browser.test_pay import _card, _pay, _to_the_card_page

pytestmark = pytest.mark.browser

WRONG_PASSWORD = "canary-wrong-otter-41"
NUMBER, CODE = "4242424242424242", "737"
NAME, EMAIL = "Canary Quince", "canary.receipt@example.org"
ACCOUNT_NO = "90417733"
_STORAGE = "() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"


def test_what_is_typed_stays_in_no_log_address_or_storage(
    page: Page, portal: Running, sign_in: Callable[..., None]
) -> None:
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url + str(one.headers.get("referer", ""))))
    kept: list[str] = []
    sign_in("miguel@example.org", WRONG_PASSWORD)
    expect(page.get_by_role("alert").first).to_be_visible()
    _to_the_card_page(page, sign_in, "miguel@example.org")
    tokens = [c["value"] for c in page.context.cookies() if c["name"] == "__Host-portal"]
    kept.append(page.evaluate(_STORAGE))
    page.get_by_label("Name", exact=True).fill(NAME)
    page.get_by_label("Email", exact=True).fill(EMAIL)
    _card(page).get_by_label("Card number").fill(NUMBER)
    _card(page).get_by_label("Expiration date").fill("1234")
    _card(page).get_by_label("Security code").fill(CODE)
    kept.append(page.evaluate(_STORAGE))
    _pay(page)
    expect(page.get_by_text("Thank you. Your payment was received.")).to_be_visible()
    ready(page)
    kept.append(page.evaluate(_STORAGE))
    page.goto("/utility-billing/link")
    ready(page)
    page.get_by_label("What is the account ID?").fill(ACCOUNT_NO)
    page.get_by_label("What is the CID?").fill("1")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    kept.append(page.evaluate(_STORAGE))
    assert len(tokens) == 1
    secrets = [
        PASSWORD,
        WRONG_PASSWORD,
        *tokens,
        NUMBER,
        "4242 4242 4242 4242",
        NAME,
        EMAIL,
        ACCOUNT_NO,
    ]
    places = {"log": portal.log.read_text(), "addresses": "\n".join(asked), "storage": str(kept)}
    found = [(where, word) for where, text in places.items() for word in secrets if word in text]
    assert found == []
    assert "ctoken_" not in places["log"] + places["addresses"] + places["storage"]
    assert all(one["httpOnly"] for one in page.context.cookies() if "Host" in one["name"])


def test_two_tabs_pay_one_cart_once(page: Page, sign_in: Callable[..., None]) -> None:
    cart = _to_the_card_page(page, sign_in, "esther@example.org")
    second = page.context.new_page()
    second.goto(f"/pay/{cart}")
    for tab in (page, second):
        _card(tab).get_by_label("Card number").fill(NUMBER)
        _card(tab).get_by_label("Expiration date").fill("1234")
        _card(tab).get_by_label("Security code").fill("123")
    _pay(page)
    expect(page.get_by_text("Thank you. Your payment was received.")).to_be_visible()
    _pay(second)
    expect(second.get_by_role("heading", level=1, name="Receipt")).to_be_visible()
    assert second.url.split("id=")[1] == page.url.split("id=")[1]
