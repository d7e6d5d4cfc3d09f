"""Pleasanton's guide, steps 5 and 6 and Additional Features: summary, bills, one bill, usage."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from portal.cities import city_file, read_city
from portal.demo import stories
from portal.kit.ids import new_id
from tests.browser.checks import check_page, ready

MARIA, *OTHERS = stories.residents(read_city(city_file("pleasanton")))
MIGUEL = next(one for one in OTHERS if one.email.startswith("miguel"))


def to_summary(page: Page, sign_in: Callable[..., None], who: stories.Resident) -> str:
    """Sign in, open the account of `who`'s story; return its id."""
    sign_in(who.email, who.password)
    page.wait_for_url("**/")
    page.goto("/utility-billing/accounts")
    ready(page)
    row = page.get_by_role("row").filter(has_text=who.pairs[0].account_no)
    row.get_by_role("link", name=who.pairs[0].account_no).first.click()
    page.wait_for_url("**/summary?account=*")
    ready(page)
    return parse_qs(urlsplit(page.url).query)["account"][0]


def test_the_guide_from_the_summary_to_the_cart(page: Page, sign_in: Callable[..., None]) -> None:
    to_summary(page, sign_in, MARIA)
    main = page.get_by_role("main")
    check_page(page, title="Account Summary")
    for words in ("Amount Due Now", "$261.57", "Payment Due Date", "About Your Payments"):
        expect(main.get_by_text(words, exact=True).first).to_be_visible()
    for words in ("Link to Account", "Request Change of Address", "Manage Bills"):
        expect(main.get_by_role("link", name=words, exact=True).first).to_be_visible()
    expect(main.get_by_role("button", name="Pay Now")).to_be_visible()
    services = main.get_by_role("table", name="Services")
    expect(services.get_by_role("row").filter(has_text="10000")).to_contain_text("None")

    main.get_by_role("link", name="Manage Bills", exact=True).first.click()
    page.wait_for_url("**/bills?account=*")
    check_page(page, title="Manage Bills")
    bills = main.get_by_role("table", name="Outstanding Bills")
    expect(bills.get_by_role("row").filter(has_text="98465")).to_contain_text("$127.11")
    expect(bills.get_by_role("row").filter(has_text="Total Due")).to_contain_text("$261.57")

    main.get_by_role("link", name="Past Bills").click()
    expect(main.get_by_role("heading", name="Past Bills")).to_be_visible()
    expect(main.get_by_role("row").filter(has_text="35932")).to_contain_text("Paid")
    check_page(page)
    page.go_back()
    expect(main.get_by_role("heading", name="Outstanding Bills")).to_be_visible()

    page.get_by_role("checkbox", name="Pay bill 98820").uncheck()
    page.get_by_role("button", name="Add to Cart").click()
    expect(main.get_by_role("status")).to_contain_text("Added to your cart")
    expect(page.get_by_role("link", name="My Cart (1 item)")).to_be_visible()
    page.get_by_role("checkbox", name="Pay bill 98465").uncheck()
    page.get_by_role("checkbox", name="Pay bill 98820").uncheck()
    page.get_by_role("button", name="Add to Cart").click()
    expect(page.get_by_role("alert")).to_contain_text("Select a bill")
    check_page(page)

    main.get_by_role("link", name="Account Summary").click()
    page.wait_for_url("**/summary?account=*")
    ready(page)
    main.get_by_role("button", name="Pay Now").click()
    page.wait_for_url("**/cart")
    expect(page.get_by_role("link", name="My Cart (2 items)")).to_be_visible()


def test_a_bill_is_explained_and_is_the_same_as_pdf(
    page: Page, sign_in: Callable[..., None]
) -> None:
    to_summary(page, sign_in, MARIA)
    main = page.get_by_role("main")
    main.get_by_role("link", name="See bill 98465").click()
    page.wait_for_url("**/bill?id=*")
    check_page(page, title="Bill Details")
    for words in (
        "$7.35 less than last bill: 1 fewer unit, 2 fewer days",
        "1 Unit = 1 CCF = 748 Gallons",
        "Together they make the usage of 10 units.",
    ):
        expect(main).to_contain_text(words)
    reads = main.get_by_role("table", name="Meter reads")
    expect(reads.get_by_role("row").last).to_contain_text("68596455")
    main.get_by_text("Compare with the last bill, charge by charge").click()
    expect(main.get_by_role("table", name="This bill beside bill 98820")).to_be_visible()
    check_page(page)

    href = main.get_by_role("link", name="Download this bill (PDF)").get_attribute("href")
    assert href is not None
    answer = page.request.get(href)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["content-disposition"].startswith('attachment; filename="pleasanton-bill')
    assert answer.body().startswith(b"%PDF-")
    spanish = page.request.get("/es" + href)
    assert spanish.body() != answer.body()

    code = main.get_by_role("img", name="QR code that leads to this bill in the portal")
    assert code.evaluate("image => image.naturalWidth > 0")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(code).to_be_hidden()
    page.emulate_media(media="print")
    expect(code).to_be_visible()
    expect(main.get_by_text("For the payment counter")).to_be_visible()
    expect(page.get_by_role("navigation", name="Menu").first).to_be_hidden()
    expect(page.get_by_role("banner").get_by_text("Bill Number 98465")).to_be_visible()
    page.emulate_media(media="screen")


def test_a_foreign_bill_and_an_unknown_one_are_the_same_page(
    page: Page, sign_in: Callable[..., None]
) -> None:
    to_summary(page, sign_in, MARIA)
    page.get_by_role("link", name="See bill 98465").click()
    page.wait_for_url("**/bill?id=*")
    ready(page)
    bill = parse_qs(urlsplit(page.url).query)["id"][0]
    page.context.clear_cookies()
    assert page.request.get(f"/documents/bill?id={bill}").status == 404
    page.goto(f"/utility-billing/bill?id={bill}")
    assert urlsplit(page.url).path == "/sign-in"

    sign_in(MIGUEL.email, MIGUEL.password)
    page.wait_for_url(lambda url: "/sign-in" not in url)
    seen = []
    for claim in (bill, str(new_id())):
        page.goto(f"/utility-billing/bill?id={claim}")
        expect(page.get_by_role("alert")).to_contain_text("We could not find that bill")
        document = page.request.get(f"/documents/bill?id={claim}")
        seen.append((page.get_by_role("main").inner_text(), document.status, document.text()))
    assert seen[0] == seen[1]


def test_on_a_phone_the_total_and_the_button_stay_in_view(
    phone: Page, sign_in: Callable[..., None]
) -> None:
    sign_in(MARIA.email, MARIA.password, phone)
    phone.wait_for_url("**/")
    phone.goto("/es/utility-billing/accounts")
    ready(phone)
    phone.get_by_role("link", name="Administrar facturas").first.click()
    phone.wait_for_url("**/es/utility-billing/bills?account=*")
    check_page(phone, title="Administrar facturas", lang="es")
    expect(phone.get_by_role("button", name="Agregar al carrito")).to_be_in_viewport()
    phone.get_by_role("main").get_by_role("link", name="Resumen de la cuenta").click()
    phone.wait_for_url("**/es/utility-billing/summary?account=*")
    check_page(phone, title="Resumen de la cuenta", lang="es")
    phone.get_by_role("link", name="Ver consumo", exact=False).last.click()
    phone.wait_for_url("**/consumption?account=*")
    check_page(phone, lang="es")


def test_bars_are_as_high_as_their_numbers(page: Page, sign_in: Callable[..., None]) -> None:
    account = to_summary(page, sign_in, MARIA)
    page.goto(f"/utility-billing/consumption?account={account}")
    ready(page)
    bars = page.locator(".bar-slot")
    drawn = [
        (float(bar.locator(".bar-value").inner_text()), (box or {})["height"])
        for bar in bars.all()
        if (box := bar.locator(".use-bar").bounding_box())
    ]
    tallest, height = max(drawn)
    assert len(drawn) >= 10
    assert all(abs(h - height * value / tallest) < 1.5 for value, h in drawn), drawn
