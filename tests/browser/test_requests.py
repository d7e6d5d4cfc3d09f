"""Bill Delivery Preference and Request Change of Address, step by step, in both languages."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from portal.cities import city_file, read_city
from portal.demo import stories
from tests.browser.checks import check_page, ready

RESIDENT = stories.residents(read_city(city_file("pleasanton")))[1]


def open_summary(page: Page, sign_in: Callable[..., None]) -> None:
    """Sign in and open the first account of the list."""
    sign_in(RESIDENT.email, RESIDENT.password)
    page.wait_for_url("**/")
    ready(page)
    page.locator("main a[href*='/summary?account=']").first.click()
    page.wait_for_url("**/summary?account=*")
    ready(page)


def test_a_resident_goes_paperless_and_asks_for_another_address(
    page: Page, sign_in: Callable[..., None]
) -> None:
    open_summary(page, sign_in)
    account = page.url.partition("account=")[2]

    page.goto(f"/utility-billing/delivery?account={account}")
    check_page(page, title="Bill Delivery Preference")
    page.get_by_role("radio", name="Mail and e-mail").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("Check the box to agree")
    check_page(page)
    page.get_by_role("radio", name="Mail and e-mail").check()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Check your answers")).to_be_visible()
    check_page(page)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main [role=status]")).to_contain_text("Your change was received")
    expect(page.get_by_role("table")).to_contain_text("Received")
    check_page(page)

    page.goto(f"/utility-billing/address?account={account}")
    check_page(page, title="Request Change of Address")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter the city.")
    check_page(page)
    page.get_by_label("Address", exact=True).fill("PO Box 7")
    page.get_by_label("City", exact=True).fill("Dublin")
    page.get_by_label("State", exact=True).fill("ca")
    page.get_by_label("ZIP code", exact=True).fill("94568")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("main")).to_contain_text("Dublin, CA 94568")
    check_page(page)
    page.get_by_role("button", name="Change", exact=True).click()
    expect(page.get_by_label("City", exact=True)).to_have_value("Dublin")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Send request").click()
    expect(page.locator("main [role=status]")).to_contain_text("was received")
    expect(page.get_by_role("table")).to_contain_text("Received")
    check_page(page)

    page.goto(f"/es/utility-billing/address?account={account}")
    check_page(page, title="Solicitar cambio de dirección", lang="es")
    expect(page.get_by_role("table")).to_contain_text("Recibida")
