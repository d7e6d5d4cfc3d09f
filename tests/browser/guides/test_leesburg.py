"""The Town of Leesburg's guide: sign up, link, daily usage, High Water Usage Notification."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.checks import ready
from tests.browser.guides.conftest import WIDTHS, Demo, Resident

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("leesburg"), pytest.mark.timeout(400)]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_resident_sees_the_daily_usage_and_asks_for_alerts(
    resident: Callable[[str, int, str], Resident], demo_of: Callable[[str], Demo], width: int
) -> None:
    pairs = demo_of("leesburg").pairs()
    first, second = pairs[WIDTHS.index(width)], pairs[2]
    who = resident("leesburg", width, "guide")
    page = who.page
    page.goto("/")
    who.is_at("Welcome to Customer Self Service")
    who.reads("The Town of Leesburg")
    who.menu("Utility Billing")  # needs a sign-in, which leads on to it
    who.is_at("Sign in to community access services.")
    who.register("Omar", "Reyes")
    page.goto("/")
    who.menu("Utility Billing")
    who.is_at("Utility Billing")
    who.fill(Account_Number=first[0], Customer_ID=first[1])
    page.get_by_label("Remember these values").check()
    who.press("Search")
    who.is_at("Search Results")
    assert who.columns()[:5] == [
        "Customer Name",
        "Service Address",
        "Account Number",
        "Customer ID",
        "Email ID",
    ]
    # "To link more than one account".
    who.menu("Accounts")
    who.click("Link to Account")
    who.is_at("Account Link Setup")
    page.get_by_label("What is the account ID?").fill(second[0])
    page.get_by_label("What is the CID?").fill(second[1])
    who.press("Submit")
    who.menu("Accounts")
    who.is_at("Utility Billing Accounts")
    page.locator("main table").get_by_text(second[0]).first.wait_for()
    # "To view your daily usage, once you logged in click on account number".
    page.locator("main").get_by_role("link", name=first[0], exact=True).first.click()
    ready(page)
    who.is_at("Account Summary")
    who.click("View Daily Usage")
    who.reads(f"Account ID: {first[0]}")
    who.reads(f"Customer ID: {first[1]}")
    who.reads("48")
    grouping = page.get_by_label("Grouping", exact=True)
    for name in ("Daily", "Monthly", "Yearly"):
        grouping.select_option(label=name)
        who.press("Show")
        who.reads(f"{name} Water Usage From")
        assert "Usage (GALLONS)" in who.columns()
    for heading in ("CONTACT US", "USEFUL LINKS", "TIPS"):
        page.get_by_role("heading", name=heading).wait_for()
    assert len(page.context.pages) == 1, "no pop-up"
    # High Water Usage Notification.
    page.locator("main").get_by_role("link", name="My Notifications").first.click()
    ready(page)
    who.is_at("My Notifications")
    who.reads("As a guideline your usage average for the past 30 days is")
    page.get_by_label("Notification Threshold").fill("100")
    who.reads("In the last 90 days this value would have sent you")
    neighbour = f"neighbour-{width}@example.com"
    page.get_by_label("Email 2").fill(neighbour)
    who.press("Save")
    page.get_by_role("status").filter(has_text="aved").wait_for()
    email_2 = page.locator("#email_2-standing")
    expect(page.locator("#email_1-standing")).to_contain_text("Confirmed")
    expect(email_2).to_contain_text("Waiting for confirmation")
    who.is_at("My Notifications")
    _the_neighbour_agrees(who, neighbour)
    page.reload()
    ready(page)
    expect(email_2).to_contain_text("Confirmed")
    page.get_by_label("Suspend", exact=True).check()
    who.press("Save")
    page.reload()
    ready(page)
    assert page.get_by_label("Suspend", exact=True).is_checked()
    assert page.get_by_label("Notification Threshold").input_value() == "100"
    # No tax module is shown before it works.
    assert page.get_by_role("link", name="Real Estate").count() == 0


def _the_neighbour_agrees(who: Resident, neighbour: str) -> None:
    """Confirm from the mail in a browser that knows nobody; stop, and start again."""
    context = who.page.context.browser.new_context(  # type: ignore[union-attr]
        base_url=who.page.url, viewport=who.page.viewport_size
    )
    them = Resident(context.new_page(), neighbour)
    page = them.page
    question = "Do you want alerts of high water use?"
    page.goto(them.link_in_mail(question, "Confirm this address"))
    them.is_at("Confirm this address")
    them.reads(f"{who.email[0]}***@example.com asked us to send alerts")
    page.get_by_role("link", name="Español").click()
    them.is_at("Confirmar esta dirección")
    page.get_by_role("link", name="English").click()
    page.get_by_role("button", name="Confirm this address").click()
    them.is_at("This address is confirmed")
    page.goto(them.link_in_mail(question, "Stop these messages", nth=1))
    them.is_at("Stop these messages")
    page.get_by_role("button", name="Stop these messages").click()
    them.is_at("These messages have stopped")
    page.get_by_role("button", name="Get alerts again").click()
    them.is_at("Stop these messages")
    them.reads("from now on")
    context.close()
