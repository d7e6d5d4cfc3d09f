"""The City of Pleasanton's guide, steps 1 to 9 and its Additional Features."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.checks import ready
from tests.browser.guides.conftest import WIDTHS, Demo, Resident

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pleasanton"), pytest.mark.timeout(400)]

Seat = Callable[[str, int, str], Resident]


def _pay(who: Resident, number: str) -> None:
    """Fill the card fields of the stand-in's frame and press Make Payment."""
    who.page.get_by_label("Payment Method", exact=True).select_option(label="Credit or debit card")
    card = who.page.frame_locator("[data-pay-element] iframe")
    card.get_by_label("Card number").fill(number)
    card.get_by_label("Expiration date").fill("12 / 34")
    card.get_by_label("Security code").fill("123")
    who.page.get_by_role("button", name="Make Payment").click()


@pytest.mark.parametrize("width", WIDTHS)
def test_a_resident_registers_finds_the_bills_and_pays(
    resident: Seat, demo_of: Callable[[str], Demo], width: int
) -> None:
    pair = demo_of("pleasanton").pairs()[WIDTHS.index(width)]
    who = resident("pleasanton", width, "guide")
    page = who.page
    # Steps 1 to 3: register and log on.
    page.goto("/")
    who.is_at("Welcome to Citizen Self Service")
    who.register("Ruth", "Vale")
    who.reads("Profile information not found.")
    # Step 4: the two numbers of the bill, remembered.
    who.menu("Utility Billing Payment")
    who.is_at("Utility Billing Payment")
    who.fill(Account_Number=pair[0], Customer_ID=pair[1])
    page.get_by_label("Remember these values").check()
    who.press("Search")
    # Step 5: the result.
    who.is_at("Search Results")
    who.reads("1 found")
    assert who.columns()[:5] == [
        "Customer Name",
        "Service Address",
        "Account Number",
        "Customer ID",
        "Parcel ID",
    ]
    page.locator("main").get_by_role("link", name="Modify Search", exact=True).wait_for()
    page.locator("main").get_by_role("link", name="New Search", exact=True).wait_for()
    page.get_by_role("link", name="Manage Bills " + pair[0]).click()
    ready(page)
    # Step 6: the bills.
    who.is_at("Manage Bills")
    for label in ("Service Address", "Account Number", "As of", "Outstanding Bills", "Total Due"):
        who.reads(label)
    wanted = {"Bill", "Bill Date", "Pay By", "Charges", "Balance Due"}
    assert wanted <= set(who.columns())
    page.get_by_role("link", name="Bill Details").first.click()
    ready(page)
    who.is_at("Bill Details")
    who.reads("1 Unit = 1 CCF = 748 Gallons")
    page.go_back()
    ready(page)
    who.press("Add to Cart")
    # Step 7: the cart.
    page.get_by_role("link", name="My Cart (1 item)").filter(visible=True).click()
    ready(page)
    who.is_at("My Cart")
    page.get_by_role("link", name="Checkout").or_(
        page.get_by_role("button", name="Checkout")
    ).first.click()
    ready(page)
    # Step 8: review and continue.
    who.is_at("Pay Bills")
    wanted = {
        "Bill Description",
        "Bill Year",
        "Bill Date",
        "Bill Number",
        "Due Date",
        "Balance",
        "Due Now",
        "Payment Amount",
    }
    assert wanted <= set(who.columns())
    who.press("Calculate Subtotal")
    page.get_by_role("button", name="Continue").click()
    # Step 9: ten minutes; a declined card costs nothing and keeps what was typed.
    page.wait_for_url("**/pay/*")
    who.is_at("Billing Information")
    who.reads("TEST MODE")
    assert page.get_by_role("timer").inner_text().strip().startswith(("10:00", "9:"))
    who.fill(Name="Ruth Vale", Address="1 Main Street", City="Pleasanton", Zip="94566")
    page.get_by_label("State", exact=True).select_option(label="California")
    page.get_by_label("Email", exact=True).fill(who.email)
    _pay(who, "4000 0000 0000 0002")
    who.reads("not been charged")
    assert page.get_by_label("Name", exact=True).input_value() == "Ruth Vale"
    _pay(who, "4242 4242 4242 4242")
    page.wait_for_url("**/receipt*")
    who.is_at("Receipt")
    receipt = page.url
    who.reads("Visa")
    # The back button after paying leads to no second charge.
    page.go_back()
    page.wait_for_url(lambda url: "/pay/" not in url)
    # Paid at once, and seen as paid.
    page.goto(receipt)
    ready(page)
    who.menu("Account Summary")
    who.is_at("Account Summary")
    for label in ("Billing Account", "Your Current Balance", "About Your Payments", "Services"):
        page.get_by_role("heading", name=label, exact=True).wait_for()
    for link in ("Link to Account", "Request Change of Address", "Manage Bills"):
        page.locator("main").get_by_role("link", name=link, exact=True).first.wait_for()
    who.click("details")
    assert who.link_in_mail("eceipt", "$")
    # "The next time you log in": the numbers stand in the fields.
    who.sign_out()
    page.goto("/")
    ready(page)
    who.menu("Utility Billing Payment")
    who.sign_in()
    expect(page.get_by_label("Account Number", exact=True)).to_have_value(pair[0])
    expect(page.get_by_label("Customer ID", exact=True)).to_have_value(pair[1])
    who.menu("New Search")
    expect(page.get_by_label("Account Number", exact=True)).to_have_value("")
    who.menu("Utility Billing Payment")
    expect(page.get_by_label("Account Number", exact=True)).to_have_value(pair[0])


@pytest.mark.parametrize("width", WIDTHS)
def test_the_guides_own_account_owes_what_the_guide_shows(resident: Seat, width: int) -> None:
    who = resident("pleasanton", width, "maria")
    page = who.page
    page.goto("/sign-in")
    page.get_by_label("Email address").fill("maria@example.org")
    page.get_by_label("Password", exact=True).fill("copper-kettle-on-a-quiet-porch")
    page.get_by_role("button", name="Sign in", exact=True).click()
    ready(page)
    who.menu("Utility Billing Payment")
    who.fill(Account_Number="0 28-624", Customer_ID=" 405583")
    who.press("Search")
    page.get_by_role("link", name="Manage Bills 28624").click()
    ready(page)
    who.is_at("Manage Bills")
    for figure in ("98820", "$134.46", "98465", "$127.11", "$261.57"):
        who.reads(figure)
    page.locator("tr").filter(has_text="98465").get_by_role("link", name="Bill Details").click()
    ready(page)
    who.is_at("Bill Details")
    who.menu("Account Summary")
    who.reads("$261.57")
    who.click("View Consumption")
    who.is_at("Billed consumption")
