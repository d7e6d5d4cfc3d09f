"""Staff at work: sign in with the second factor, find, look, act; every screen held to axe."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from portal.demo import stories
from tests.browser.checks import check_page, ready, told, watch
from tests.browser.conftest import Running

SCREENS = (
    "/admin",
    "/admin/customers?q=alameda",
    "/admin/payments",
    "/admin/requests",
    "/admin/imports",
    "/admin/announcements",
    "/admin/outbox",
)


def _sql(portal: Running, statement: str, **values: Any) -> Any:
    engine = create_engine(portal.database_url, poolclass=NullPool)
    with engine.begin() as connection:
        result = connection.execute(text(statement), values)
        return result.all() if result.returns_rows else None


@pytest.fixture(scope="module")
def cookies(browser: Browser, portal: Running) -> dict[str, Any]:
    """Return both roles' cookies: a code works once, so each signs in once."""
    kept = {}
    for member in stories.STAFF:
        context = browser.new_context(base_url=portal.url)
        page = context.new_page()
        page.goto("/admin")  # leads to the sign-in and back
        page.get_by_label("Email address").fill(member.email)
        page.get_by_label("Password", exact=True).fill(member.password)
        page.get_by_label("Code").fill(stories.staff_code(datetime.now(UTC)))
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("heading", name="Work list", level=1)).to_be_visible()
        kept[member.role] = context.storage_state()
        context.close()
    return kept


def _page(browser: Browser, portal: Running, state: Any) -> Iterator[Page]:
    context = browser.new_context(
        base_url=portal.url, viewport={"width": 1280, "height": 900}, storage_state=state
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    problems = watch(page)
    yield page
    context.close()
    assert problems == []


@pytest.fixture
def administrator(browser: Browser, portal: Running, cookies: Any) -> Iterator[Page]:
    yield from _page(browser, portal, cookies["administrator"])


@pytest.fixture
def viewer(browser: Browser, portal: Running, cookies: Any) -> Iterator[Page]:
    yield from _page(browser, portal, cookies["viewer"])


@pytest.fixture(scope="module")
def work(portal: Running) -> None:
    """Leave something of every kind for a person to do."""
    _sql(
        portal,
        "INSERT INTO staff_task (id, kind, reference, detail, params)"
        " VALUES (gen_random_uuid(), 'excess', 'test:1', '5.00 more than bill 98820 needed', '{}')",
    )
    _sql(
        portal,
        "INSERT INTO mail (id, kind, to_address, subject, text_body, html_body, status, attempts,"
        " last_error, stop_url) VALUES (gen_random_uuid(), 'receipt', 'gone@example.org',"
        " 'Your receipt', 'x', 'x', 'failed', 9, 'mailbox unavailable', '')",
    )
    _sql(
        portal,
        "INSERT INTO import_run (id, kind, source_name, content_hash, status, reason, started_at,"
        " finished_at, fault_count, notes, counts, reason_params)"
        " VALUES (gen_random_uuid(), 'exchange', 'night', '', 'refused',"
        " 'bills.csv: the total differs', now(), now(), 0, '[]', '{}', '{}')",
    )


def test_every_screen_is_accessible(administrator: Page, work: None) -> None:
    for path in SCREENS:
        administrator.goto(path)
        check_page(administrator)
    administrator.goto("/admin/imports")
    administrator.get_by_role("link", name="exchange").click()
    expect(administrator.get_by_role("heading", name="exchange", level=1)).to_be_visible()
    check_page(administrator)


def test_a_customer_is_found_by_street_and_the_look_is_noted(
    administrator: Page, portal: Running
) -> None:
    page = administrator
    page.goto("/admin")
    ready(page)
    page.get_by_label("Find a customer").fill("okafor")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="OKAFOR, LINDA").first.click()
    expect(page.get_by_role("heading", name="OKAFOR, LINDA", level=1)).to_be_visible()
    # Once in the list of sign-ins, and again wherever a note names her.
    expect(page.get_by_role("link", name="linda@example.org").first).to_be_visible()
    check_page(page)
    noted = _sql(portal, "SELECT count(*) FROM audit_event WHERE act = 'staff.view_customer'")
    assert noted[0][0] >= 1
    page.get_by_role("link", name="linda@example.org").first.click()
    expect(page.get_by_role("heading", name="Sign-in", level=1)).to_be_visible()
    check_page(page)


def test_a_bill_is_read_and_the_way_back_keeps_the_search(administrator: Page) -> None:
    page = administrator
    page.goto("/admin/customers?q=okafor")
    page.get_by_role("link", name="OKAFOR, LINDA").first.click()
    expect(page.get_by_role("heading", name="OKAFOR, LINDA", level=1)).to_be_visible()
    bills = page.get_by_role("table", name="Bills")
    newest = bills.get_by_role("row").nth(1).get_by_role("link")
    answer = page.request.get(newest.get_attribute("href") or "")
    assert (answer.status, answer.body()[:5]) == (200, b"%PDF-")
    first = newest.inner_text()
    page.get_by_role("link", name="Next").click()
    expect(page).to_have_url(re.compile("page=2"))
    expect(bills.get_by_role("link", name=first)).to_have_count(0)
    page.reload()
    expect(page.get_by_text("Looked at a bill").first).to_be_visible()
    page.go_back()
    expect(bills.get_by_role("link", name=first)).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("banner").get_by_text("Customer ID 410021")).to_be_visible()
    expect(page.get_by_role("button", name="Unlink")).to_have_count(0)
    page.emulate_media(media="screen")
    page.goto("/admin/customers?q=okafor")
    page.get_by_role("link", name="OKAFOR, LINDA").first.click()
    page.get_by_role("main").get_by_role("link", name="Customers").click()
    expect(page.get_by_label("Find a customer")).to_have_value("okafor")


def test_a_second_search_on_the_same_page_and_its_address(administrator: Page) -> None:
    page = administrator
    page.goto("/admin/customers?q=28624")
    expect(page.get_by_role("link", name="CITY OF PLEASANTON", exact=True)).to_be_visible()
    page.get_by_label("Find a customer").fill("nash")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="NASH, WALTER")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("link", name="CITY OF PLEASANTON", exact=True)).to_be_visible()


def test_unlink_and_the_resident_has_one_account_less(administrator: Page, portal: Running) -> None:
    page = administrator
    (user,) = _sql(portal, "SELECT id FROM user_account WHERE email = 'leo@example.org'")
    page.goto(f"/admin/resident?id={user[0]}")
    page.get_by_role("link", name="Unlink").click()
    asked = page.get_by_role("heading", name="Unlink this account from the sign-in?")
    expect(asked).to_be_visible()
    # The question has the focus, also once the new page was said: its heading takes it from nobody.
    expect(page.locator("#route-announcer")).not_to_be_empty()
    expect(page.locator(".focus-box").filter(has=asked)).to_be_focused()
    check_page(page)
    page.get_by_role("link", name="Cancel").press("Enter")
    expect(asked).to_have_count(0)
    page.get_by_role("link", name="Unlink").press("Enter")
    page.get_by_role("button", name="Unlink").press("Enter")
    told(page, "The account is no longer linked to leo@example.org.")
    expect(page.get_by_text("Unlink", exact=True)).to_have_count(0)


def test_a_task_is_done_and_a_mail_is_sent_again(
    administrator: Page, portal: Running, work: None
) -> None:
    page = administrator
    page.goto("/admin")
    row = page.get_by_role("row").filter(has_text="5.00 more than bill 98820 needed")
    row.get_by_role("button", name="Done").click()
    expect(row).to_have_count(0)
    page.goto("/admin/outbox?status=failed")
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("No message of this kind.")).to_be_visible()


_NEVER_SENT = """
WITH payer AS (SELECT id FROM user_account WHERE email = 'leo@example.org'),
basket AS (
  INSERT INTO cart (id, user_id, status, extensions, billing)
  SELECT gen_random_uuid(), id, 'confirming', 0, '{}' FROM payer RETURNING id, user_id
)
INSERT INTO payment (
  id, cart_id, user_id, status, amount_cents, method, livemode, idempotency_key, request,
  card_brand, last4, payer_name, receipt_email, created_at, expires_at, effective_date,
  business_date, failure_code
)
SELECT gen_random_uuid(), id, user_id, 'confirming', 5000, 'card', false, 'never-sent', '{}',
  '', '', 'Leo', 'leo@example.org', now() - interval '20 minutes', now() - interval '10 minutes',
  now(), now(), '' FROM basket RETURNING id
"""


def test_an_administrator_asks_the_processor_about_a_payment_in_doubt(
    administrator: Page, portal: Running
) -> None:
    page = administrator
    (payment,) = _sql(
        portal,
        _NEVER_SENT,
    )
    _sql(
        portal,
        "INSERT INTO staff_task (id, kind, reference, detail, params, payment_id) VALUES"
        " (gen_random_uuid(), 'in_doubt', 'doubt:test', 'Look it up.', '{}', :payment)",
        payment=payment[0],
    )
    page.goto(f"/admin/payment?id={payment[0]}")
    expect(page.get_by_text("Look it up.")).to_be_visible()
    check_page(page)
    page.get_by_role("button", name="Ask the processor now").click()
    told(page, "Nothing was paid. The resident can pay these bills again.")
    expect(page.get_by_role("button", name="Ask the processor now")).to_have_count(0)
    expect(page.get_by_text("Look it up.")).to_have_count(0)
    expect(page.get_by_text("never_arrived").first).to_be_visible()


def test_an_announcement_reaches_the_home_page_clean_and_ends(
    administrator: Page, portal: Running
) -> None:
    page = administrator
    page.goto("/admin/announcements")
    ready(page)
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("alert").get_by_text("Enter a title.")).to_be_visible()
    expect(page.get_by_role("alert").get_by_role("link")).to_have_count(2)
    page.get_by_label("Title (English)").fill("Water main work")
    page.get_by_label("Text (English)").fill("<b>Monday</b> <script>alert(1)</script>on Main St.")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("link", name="Water main work")).to_be_visible()
    page.goto("/")
    expect(page.get_by_role("heading", name="Water main work")).to_be_visible()
    expect(page.get_by_text("on Main St.")).to_be_visible()
    page.goto("/admin/announcements")
    page.get_by_role("link", name="Water main work").click()
    page.get_by_label("Text (English)").fill("Tuesday.")
    page.get_by_role("button", name="Publish").click()
    told(page, "Saved.")
    expect(page.get_by_label("Title (English)")).to_have_value("")
    row = page.get_by_role("row").filter(has_text="Water main work")
    row.get_by_role("button", name="End now").click()
    expect(row.get_by_text("Ended")).to_be_visible()
    page.goto("/")
    ready(page)
    expect(page.get_by_role("heading", name="Water main work")).to_have_count(0)


def test_a_viewer_sees_no_button_and_no_confidential_name(viewer: Page) -> None:
    viewer.goto("/admin/customers?q=okafor")
    viewer.get_by_role("link", name="OKAFOR, LINDA").first.click()
    expect(viewer.get_by_role("heading", name="Sign-ins")).to_be_visible()
    expect(viewer.get_by_role("columnheader", name="Since")).to_be_visible()
    expect(viewer.get_by_role("columnheader", name="Action")).to_have_count(0)
    expect(viewer.get_by_text("Unlink")).to_have_count(0)
    expect(viewer.get_by_text("You are signed in as a viewer")).to_be_visible()
    viewer.goto("/admin/customers?q=410036")  # the story of the confidential customer
    expect(viewer.get_by_role("link", name="Not shown (confidential)")).to_be_visible()
    viewer.goto("/admin/announcements")
    ready(viewer)
    expect(viewer.get_by_role("button", name="Publish")).to_have_count(0)


def test_in_spanish(administrator: Page) -> None:
    administrator.goto("/es/admin/customers?q=okafor")
    expect(administrator.get_by_role("heading", name="Clientes", level=1)).to_be_visible()
    check_page(administrator, lang="es")


def test_nobody_else_comes_in(page: Page, sign_in: Any) -> None:
    page.goto("/admin/customers?q=okafor")
    expect(page.get_by_role("heading", name="Staff sign in")).to_be_visible()
    sign_in("maria@example.org", stories.PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto("/admin/customers?q=okafor")
    expect(page.get_by_role("heading", name="Staff sign in")).to_be_visible()
