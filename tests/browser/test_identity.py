"""From nothing to a linked account, by the guides' words, the mail read over SMTP."""

import re
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect
from sqlalchemy import create_engine, text

from portal.cities import city_file, read_city
from portal.demo import stories
from tests.browser.checks import check_page, ready, told
from tests.browser.conftest import Running

PASSWORD = "kettle under seven bridges"
CITY = read_city(city_file("pleasanton"))


def mailed(portal: Running, to: str, kind: str) -> str:
    """Return path and query of the link in the newest mail of a kind."""
    engine = create_engine(portal.database_url)
    with engine.connect() as connection:
        body = connection.scalars(
            text(
                "SELECT text_body FROM mail WHERE to_address = :to AND kind = :kind"
                " ORDER BY created_at DESC LIMIT 1"
            ),
            {"to": to, "kind": kind},
        ).one()
    engine.dispose()
    parts = urlsplit(next(line for line in body.splitlines() if "token=" in line))
    return f"{parts.path}?{parts.query}"


def an_open_pair(portal: Running) -> tuple[str, str]:
    """Return account number and customer ID of an account that nobody has linked."""
    engine = create_engine(portal.database_url)
    with engine.connect() as connection:
        row = connection.execute(
            text(
                "SELECT a.account_no, c.cid FROM account a JOIN tenure t ON t.account_id = a.id"
                " JOIN customer c ON c.id = t.customer_id"
                " WHERE a.status = 'ACTIVE' AND t.stop_date IS NULL AND c.status = 'A'"
                " AND NOT EXISTS (SELECT FROM account_link l WHERE l.account_id = a.id)"
                " ORDER BY a.account_no LIMIT 1"
            )
        ).one()
    engine.dispose()
    return row[0], row[1]


def sign_up(page: Page, email: str) -> None:
    """Fill the sign-up form as the guide shows it."""
    page.goto("/sign-in")
    page.get_by_role("link", name="Sign up").click()
    page.get_by_label("Email", exact=True).fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("First name").fill("Wanda")
    page.get_by_label("Last name").fill("Walker")
    page.get_by_role("button", name="Sign up").click()


def test_sign_up_activate_sign_in_search_and_link(page: Page, portal: Running) -> None:
    email = f"wanda{time.time_ns()}@example.com"
    number, cid = an_open_pair(portal)
    sign_up(page, email)
    expect(page.get_by_role("heading", name="Verification email sent")).to_be_visible()
    expect(page.get_by_text("To finish signing in, check your email.")).to_be_visible()

    page.goto(mailed(portal, email, "activate"))
    expect(page).to_have_url(re.compile(r"/activate$"))  # the secret left the address bar
    page.get_by_role("button", name="Activate account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Your account now has been activated."
    )
    page.get_by_role("link", name="Back to sign in").click()

    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill("not this one at all")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("email address or password is not right")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("Email address")).to_have_value(email)
    assert "@" not in page.url
    assert page.title().startswith("Problem: ")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile(r"/$"))
    ready(page)
    expect(page.get_by_text("Profile information not found.")).to_be_visible()

    page.get_by_role("link", name=CITY.portal.utility_billing.en).first.click()
    page.get_by_label("Account Number").fill(f"0{number[:2]} {number[2:]}")
    page.get_by_label("Customer ID").fill("1")
    page.get_by_label("Remember these values").check()
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("alert")).to_contain_text("We could not link an account")
    expect(page.get_by_label("Account Number")).to_have_value(f"0{number[:2]} {number[2:]}")
    check_page(page)
    page.get_by_label("Customer ID").fill(cid)
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("1 found")).to_be_visible()
    for column in ("Customer Name", "Service Address", "Account Number", "Customer ID"):
        expect(page.get_by_role("columnheader", name=column)).to_be_visible()
    expect(page.get_by_role("columnheader", name="Parcel ID")).to_be_visible()
    expect(page.get_by_role("table").get_by_role("link", name="Manage Bills")).to_be_visible()
    check_page(page, title="Search Results")
    page.get_by_role("main").get_by_role("link", name="New Search").click()
    expect(page.get_by_label("Account Number")).to_have_value("")
    page.goto("/utility-billing")
    expect(page.get_by_label("Account Number")).to_have_value(number)
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_label("Account Number")).to_have_value("")

    page.go_back()
    page.goto("/utility-billing/accounts")
    ready(page)
    page.get_by_role("link", name=f"Remove link {number}").click()
    expect(
        page.get_by_role("heading", name="Remove this account from your sign-in?")
    ).to_be_visible()
    check_page(page)
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(
        page.get_by_text("No Utility Billing accounts have been linked to this user.")
    ).to_be_visible()
    check_page(page, title="Accounts")


def test_account_link_setup_takes_several(
    page: Page, portal: Running, sign_in: Callable[..., None]
) -> None:
    email = f"lena{time.time_ns()}@example.com"
    sign_up(page, email)
    page.goto(mailed(portal, email, "activate"))
    page.get_by_role("button", name="Activate account").click()
    sign_in(email, PASSWORD)
    page.wait_for_url(re.compile(r"/$"))
    page.goto("/utility-billing/accounts")
    page.get_by_role("link", name="Link to Account").click()
    expect(page.get_by_role("heading", name="Account Link Setup")).to_be_visible()
    for _ in range(2):
        number, cid = an_open_pair(portal)
        page.get_by_label("What is the account ID?").fill(number)
        page.get_by_label("What is the CID?").fill(cid)
        page.get_by_role("button", name="Submit").click()
        expect(page.get_by_text(f"Account {number} at")).to_be_visible()
        expect(page.get_by_label("What is the account ID?")).to_have_value("")
    check_page(page, title="Account Link Setup")
    page.goto("/es/utility-billing/link")
    check_page(page, title="Vincular una cuenta", lang="es")


def test_every_page_of_identity_is_clean(page: Page) -> None:
    for path in (
        "/sign-in", "/sign-up", "/verify-email", "/activate", "/forgot-password",
        "/reset-password", "/unlock-account", "/admin/sign-in", "/admin/enrol",
    ):  # fmt: skip
        for prefix, lang in (("", "en"), ("/es", "es")):
            page.goto(prefix + path)
            check_plain(page, lang)


def check_plain(page: Page, lang: str) -> None:
    """Hold a server-drawn page to what every page must be."""
    page.evaluate("document.documentElement.dataset.live = ''")  # no hydration to wait for
    check_page(page, lang=lang)


def test_five_wrong_lock_and_the_mailed_link_unlocks_at_once(
    page: Page, portal: Running, sign_in: Callable[..., None]
) -> None:
    resident = stories.residents(CITY)[2]
    for _ in range(5):
        sign_in(resident.email, "not this one at all")
        expect(page.get_by_role("alert")).to_contain_text("is not right")
    sign_in(resident.email, resident.password)
    expect(page.get_by_role("alert")).to_contain_text("Try again in 15 minutes")
    page.get_by_role("link", name="Unlock account?").click()
    page.get_by_label("Email address").fill(resident.email)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    link = mailed(portal, resident.email, "unlock")
    page.goto(link)
    page.get_by_role("button", name="Unlock account").click()
    told(page, "Your account is unlocked.")
    page.goto(link)
    page.get_by_role("button", name="Unlock account").click()
    expect(page.get_by_role("alert")).to_contain_text("already used")
    sign_in(resident.email, resident.password)
    page.wait_for_url(re.compile(r"/$"))


def test_sign_out_in_one_tab_and_back_in_another_show_nothing(
    page: Page, sign_in: Callable[..., None]
) -> None:
    resident = stories.residents(CITY)[0]
    page.goto("/utility-billing/accounts")
    expect(page).to_have_url(re.compile(r"/sign-in\?next=/utility-billing/accounts"))
    page.get_by_label("Email address").fill(resident.email)
    page.get_by_label("Password", exact=True).fill(resident.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/utility-billing/accounts")  # led back to the page asked for
    ready(page)
    other = page.context.new_page()
    other.goto("/utility-billing")
    ready(other)
    other.get_by_text(resident.first_name).first.click()
    other.get_by_role("button", name="Sign out").first.click()
    told(other, "You are signed out.")
    expect(page).to_have_url(re.compile("/sign-in"))
    other.go_back()
    expect(other).to_have_url(re.compile("/sign-in"))
