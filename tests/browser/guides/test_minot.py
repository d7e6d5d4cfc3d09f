"""The City of Minot's guide: register, link from Accounts, see what the account has."""

from collections.abc import Callable

import pytest

from tests.browser.checks import ready
from tests.browser.guides.conftest import WIDTHS, Demo, Resident

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("minot"), pytest.mark.timeout(400)]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_resident_registers_and_links(
    resident: Callable[[str, int, str], Resident], demo_of: Callable[[str], Demo], width: int
) -> None:
    account, cid = demo_of("minot").pairs()[WIDTHS.index(width)]
    who = resident("minot", width, "guide")
    page = who.page
    who.register("Inga", "Dahl")
    who.is_at("Welcome to Citizen Self Service")
    page.get_by_role("heading", name="Announcements").wait_for()
    page.get_by_role("heading", name="Profile Information").wait_for()
    who.reads("Profile information not found.")
    who.menu("Utility Billing")
    who.menu("Accounts")
    page.get_by_role("heading", name="Unlinked accounts").wait_for()
    who.reads("No Utility Billing accounts have been linked to this user.")
    who.reads("Select an account to work with.")
    who.click("Link to Account")
    who.is_at("Account Link Setup")
    # A wrong pair first: neither number is named as the wrong one, what was typed stays.
    page.get_by_label("What is the account ID?").fill(account)
    page.get_by_label("What is the CID?").fill("1")
    who.press("Submit")
    page.get_by_role("alert").wait_for()
    assert page.get_by_label("What is the account ID?").input_value() == account
    page.get_by_label("What is the CID?").fill(f" {cid[:2]}-{cid[2:]}")
    who.press("Submit")
    who.menu("Accounts")
    who.is_at("Utility Billing Accounts")
    page.locator("main").get_by_role("link", name=account, exact=True).first.click()
    ready(page)
    who.is_at("Account Summary")
    for label in ("Service Address", "Account Number", "Bill Delivery Preference", "Customer ID"):
        who.reads(label)
    for column in ("Service", "Code", "Start Date", "Stop Date", "Status", "Consumption History"):
        assert page.locator("main thead th", has_text=column).count() >= 1
    for word in ("WATER", "SEWER", "MXU"):
        who.reads(word)
    who.click("View Consumption")
    who.is_at("Billed consumption")
    page.go_back()
    ready(page)
    # "manage your bill delivery preferences"
    who.menu("Bill Delivery Preference")
    who.is_at("Bill Delivery Preference")
    who.menu("Manage Bills")
    who.is_at("Manage Bills")
