"""Signed out from another browser, or remembered for looking: told why, and back where one was."""

import re
import time

from playwright.sync_api import Browser, Page, expect
from sqlalchemy import text

from portal.domain.identity import limits, passwords
from tests import factories
from tests.browser.checks import check_page, ready, told
from tests.browser.conftest import Running
from tests.browser.people import PASSWORD, books, visit

LINK = "/utility-billing/link"


def by_form(page: Page, email: str, *, remember: bool = False) -> None:
    """Fill in the sign-in that stands here."""
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    if remember:
        page.get_by_label("Remember me").check()
    page.get_by_role("button", name="Sign in", exact=True).click()


def age(portal: Running, email: str) -> None:
    """Let so much time pass since every sign-in of somebody that none is fresh."""
    with books(portal) as session:
        session.execute(
            text(
                "UPDATE user_session s SET authenticated_at = s.authenticated_at - :span"
                " FROM user_account u WHERE u.id = s.user_id AND u.email = :email"
            ),
            {"span": limits.FRESH, "email": email},
        )


def test_out_everywhere_and_a_remembered_browser_that_only_looks(
    page: Page, browser: Browser, portal: Running
) -> None:
    email = f"two{time.time_ns()}@example.com"
    with books(portal) as session:
        user, place, payer = factories.household(session)
        user.email, user.password_hash = email, passwords.hash_of(PASSWORD)
    page.goto("/sign-in?next=/settings")
    by_form(page, email)
    ready(page)
    with visit(browser, portal, None, on="phone") as phone:
        phone.goto(f"/sign-in?next={LINK}")
        by_form(phone, email, remember=True)
        phone.wait_for_url(f"**{LINK}")
        ready(phone)

        # The list names both; one is ended by its row, and the phone comes back.
        page.reload()
        browsers = page.get_by_role("table", name="Where you are signed in")
        expect(browsers.get_by_role("row")).to_have_count(3)
        browsers.get_by_role("button", name=re.compile("^Sign out")).click()
        expect(browsers.get_by_role("row")).to_have_count(2)
        phone.get_by_label("What is the account ID?").fill("1")
        phone.get_by_role("button", name="Submit").click()
        back_at_the_door(phone)
        check_page(phone, title="Sign in")
        by_form(phone, email, remember=True)
        phone.wait_for_url(f"**{LINK}")
        ready(phone)

        page.get_by_role("button", name="Sign out everywhere").click()
        told(page, "You are signed out in every browser.")
        # The other one's next step, on the socket that it had open.
        phone.get_by_role("link", name="Cancel").click()
        back_at_the_door(phone)
        by_form(phone, email, remember=True)
        phone.wait_for_url("**/utility-billing/accounts")
        ready(phone)

        # A quarter of an hour later it shows all, and asks before anything is typed.
        age(portal, email)
        phone.goto(f"/utility-billing/summary?account={place.id}")
        ready(phone)
        expect(phone.get_by_role("main")).to_contain_text(payer.name1)
        for path in (LINK, f"/utility-billing/address?account={place.id}"):
            phone.goto(path)
            ready(phone)
            expect(phone.get_by_text("This browser remembers you for looking.")).to_be_visible()
            expect(phone.get_by_role("main").get_by_role("textbox")).to_have_count(0)
        check_page(phone, title="Request Change of Address")
        # The search and the settings say it where it matters, and leave the rest to be used.
        phone.goto("/utility-billing")
        ready(phone)
        expect(phone.get_by_text("a search finds the accounts that you linked")).to_be_visible()
        check_page(phone)
        phone.goto("/settings")
        ready(phone)
        expect(phone.get_by_text("This browser remembers you for looking.")).to_be_visible()
        expect(phone.get_by_label("User ID")).to_have_count(0)
        expect(phone.get_by_label("Language of our messages")).to_be_visible()
        phone.goto(f"/utility-billing/address?account={place.id}")
        ready(phone)
        phone.get_by_role("button", name="Sign in again").click()
        phone.wait_for_url("**/sign-in?next=*")
        told(phone, "sign in again to do this")
        by_form(phone, email, remember=True)
        phone.wait_for_url(f"**/utility-billing/address?account={place.id}")
        expect(phone.get_by_label("Address", exact=True)).to_be_visible()


def back_at_the_door(page: Page) -> None:
    """Expect the sign-in that says why it stands here."""
    expect(page).to_have_url(re.compile(r"/sign-in\?next="))
    told(page, "You are no longer signed in here")
