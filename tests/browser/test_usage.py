"""View Daily Usage and My Notifications, by the words of the Leesburg guide."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.cities import city_file, read_city
from portal.demo import stories
from tests.browser.checks import check_page, ready
from tests.browser.conftest import Running

TOWN = read_city(city_file("pleasanton"))
RESIDENT = next(one for one in stories.residents(TOWN) if "four days" in one.story)


def open_usage(page: Page, sign_in: Callable[..., None]) -> str:
    """Sign in, open the account and its daily usage as the guide does; return the account."""
    sign_in(RESIDENT.email, RESIDENT.password)
    page.wait_for_url("**/")
    page.goto("/utility-billing/accounts")
    ready(page)
    page.get_by_role("main").get_by_role("link", name=RESIDENT.pairs[0].account_no).first.click()
    page.wait_for_url("**/summary?account=*")
    ready(page)
    page.get_by_role("main").get_by_role("link", name="View Daily Usage").first.click()
    page.wait_for_url("**/usage?account=*")
    ready(page)
    return page.url.partition("account=")[2].partition("&")[0]


def rows(page: Page) -> list[list[str]]:
    """Return the table's body as it is read."""
    return [
        [cell.strip() for cell in row.locator("th, td").all_inner_texts()]
        for row in page.locator("main table").first.locator("tbody tr").all()
    ]


def test_the_guides_way_to_the_graph_and_into_it_by_keyboard(
    page: Page, sign_in: Callable[..., None]
) -> None:
    account = open_usage(page, sign_in)
    pair = RESIDENT.pairs[0]
    main = page.get_by_role("main")
    expect(main).to_contain_text(
        f"Water Usage For Account ID: {pair.account_no}, Customer ID: {pair.cid}"
    )
    expect(main.get_by_role("heading", name=re.compile("^Daily Water Usage From "))).to_be_visible()
    expect(page.get_by_role("columnheader", name="Usage (GALLONS)")).to_be_visible()
    expect(main).to_contain_text("Data through ")
    expect(main).to_contain_text("Your usage average for the past 30 days is")
    expect(main.locator(".main-svg").first).to_be_attached()
    assert len(rows(page)) == 31
    check_page(page, title="Usage")

    # The chart says what the table says: a bar a row, each as high as its number.
    heights = page.eval_on_selector_all(
        ".use-bars .block:not(.missing):not(.pending)",
        "all => all.map(one => parseFloat(getComputedStyle(one).height))",
    )
    used = [int(row[1].replace(",", "")) for row in rows(page) if row[1] != "—"]
    assert len(heights) == len(used)
    drawn, said = [h / max(heights) for h in heights], [n / max(used) for n in used]
    assert all(abs(one - other) < 0.02 for one, other in zip(drawn, said, strict=True))

    page.get_by_label("Grouping").select_option("Yearly")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url("**grouping=yearly*")
    expect(main.get_by_role("heading", name=re.compile("^Yearly"))).to_be_visible()
    for grouping in ("monthly", "daily", "hourly"):
        page.locator("main tbody a").last.focus()
        page.keyboard.press("Enter")
        page.wait_for_url(f"**grouping={grouping}*")
        expect(
            main.get_by_role("heading", name=re.compile(f"^{grouping.capitalize()}"))
        ).to_be_visible()
    assert len(rows(page)) == 24
    check_page(page, title="Usage")

    page.get_by_role("link", name="Previous").click()
    page.wait_for_url("**grouping=hourly*")
    page.go_back()
    page.go_back()
    expect(main.get_by_role("heading", name=re.compile("^Daily"))).to_be_visible()
    assert account in page.url


def test_a_bar_opens_by_click(page: Page, sign_in: Callable[..., None]) -> None:
    open_usage(page, sign_in)
    drawn = page.locator(".plot .barlayer .point path").last
    drawn.wait_for(state="attached")
    page.locator(".plot .nsewdrag").first.wait_for(state="attached")
    box = drawn.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 4)
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url("**grouping=hourly*")
    expect(page.get_by_role("heading", name=re.compile("^Hourly"))).to_be_visible()


def test_dates_that_cannot_be_shown_are_said_at_their_field(
    page: Page, sign_in: Callable[..., None]
) -> None:
    account = open_usage(page, sign_in)
    page.get_by_label("Beginning Date").fill("2026-05-02")
    page.get_by_label("End Date").fill("2026-05-01")
    page.get_by_role("button", name="Show", exact=True).click()
    words = "End Date must be the same as Beginning Date or after it."
    expect(page.get_by_role("alert")).to_contain_text(words)
    expect(page.locator("#end-problem")).to_have_text(words)
    expect(page.get_by_label("End Date")).to_have_attribute("aria-invalid", "true")
    check_page(page)
    page.goto(f"/utility-billing/usage?account={account}&begin=2026-31-31")
    ready(page)
    expect(page.locator("#begin-problem")).to_be_visible()


def test_my_notifications_are_tried_out_and_saved(page: Page, sign_in: Callable[..., None]) -> None:
    open_usage(page, sign_in)
    page.get_by_role("main").get_by_role("link", name="My Notifications").click()
    page.wait_for_url("**/notifications?account=*")
    ready(page)
    main = page.get_by_role("main")
    expect(main).to_contain_text("As a guideline your usage average for the past 30 days is")
    check_page(page, title="My Notifications")
    page.get_by_label("Notification Threshold").fill("1")
    expect(main).to_contain_text("In the last 90 days this value would have sent you ")
    page.get_by_label("Email 2").fill("neighbour")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#email_2-problem")).to_contain_text("is not a complete address")
    check_page(page)
    page.get_by_label("Notification Threshold").fill("400")
    page.get_by_label("Email 2").fill("neighbour@example.com")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(main.get_by_role("status").first).to_contain_text("Saved.")
    page.reload()
    ready(page)
    expect(page.get_by_label("Notification Threshold")).to_have_value("400")
    expect(page.get_by_label("Email 2")).to_have_value("neighbour@example.com")
    email_2 = page.locator("#email_2-standing")
    expect(email_2).to_contain_text("Waiting for confirmation")
    expect(page.get_by_label("Email 2")).to_have_accessible_description(
        re.compile("^Waiting for confirmation Message sent ")
    )
    check_page(page)
    email_2.get_by_role("button", name="Send again neighbour@example.com").click()
    words = "We sent a message to neighbour@example.com."
    expect(main.get_by_role("status").first).to_contain_text(words)
    page.get_by_label("Suspend").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(main.get_by_role("status").first).to_contain_text("suspended")


def test_spanish_and_the_phone(
    browser: Browser, portal: Running, sign_in: Callable[..., None]
) -> None:
    context = browser.new_context(
        base_url=portal.url, viewport={"width": 390, "height": 844}, has_touch=True
    )
    page = context.new_page()
    account = open_usage(page, sign_in_on(sign_in, page))
    check_page(page)
    page.goto(f"/es/utility-billing/usage?account={account}")
    check_page(page, title="Consumo", lang="es")
    # On a phone the sentence and the chart come first, and the table on demand.
    column = page.get_by_role("columnheader", name="Consumo (GALONES)")
    expect(column).to_be_hidden()
    page.get_by_text("Lo mismo en números").click()
    expect(column).to_be_visible()
    context.close()


def sign_in_on(sign_in: Callable[..., None], page: Page) -> Callable[..., None]:
    """Return `sign_in` on another page."""
    return lambda email, password: sign_in(email, password, page)


def test_plotly_comes_to_the_usage_page_alone(page: Page, sign_in: Callable[..., None]) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    sign_in(RESIDENT.email, RESIDENT.password)
    page.wait_for_url("**/")
    page.goto("/utility-billing/accounts")
    ready(page)
    assert [url for url in asked if "plotly" in url.lower()] == []


@pytest.mark.parametrize("path", ["usage", "notifications"])
def test_a_foreign_account_is_not_found(
    page: Page, sign_in: Callable[..., None], path: str
) -> None:
    sign_in(RESIDENT.email, RESIDENT.password)
    page.wait_for_url("**/")
    page.goto(f"/utility-billing/{path}?account=00000000-0000-4000-8000-000000000000")
    expect(page.get_by_role("alert")).to_contain_text("We could not find that account")
    expect(page.get_by_role("main").get_by_role("link", name="Accounts")).to_be_visible()
    check_page(page)
