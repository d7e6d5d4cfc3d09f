"""Forgot, unlock and activate: by the link, whoever opened it first, and by the code beside it."""

import re
import time
import urllib.request

from playwright.sync_api import Page, expect
from sqlalchemy import text

from tests.browser.checks import check_page, told
from tests.browser.conftest import Running
from tests.browser.people import PASSWORD, books, code_in, link_in, somebody

NEW = "nine lanterns over a slow river"


def scan(portal: Running, link: str) -> None:
    """Open a mailed link as a mail scanner does: both ways, with no cookie of ours."""
    for method in ("HEAD", "GET"):
        asked = urllib.request.Request(portal.path(link), method=method)
        with urllib.request.urlopen(asked) as answer:
            assert answer.status == 200


def forgot(page: Page, email: str) -> None:
    """Ask for the mail by the link beside the sign-in."""
    page.goto("/sign-in")
    page.get_by_role("link", name="Forgot password?").click()
    page.get_by_label("Email address").fill(email)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your email")


def try_to_sign_in(page: Page, email: str, password: str) -> None:
    """Fill in the sign-in and post it."""
    page.goto("/sign-in")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_forgotten_password_by_a_link_that_a_scanner_opened_first(
    page: Page, portal: Running
) -> None:
    email = somebody(portal, email=f"forgot{time.time_ns()}@example.com").email
    forgot(page, email)
    link = link_in(portal, email, "reset")
    scan(portal, link)
    page.goto(link)
    expect(page).to_have_url(re.compile(r"/reset-password$"))  # the secret left the address bar
    page.get_by_label("New password", exact=True).fill("too short")
    page.get_by_role("button", name="Save password").click()
    expect(page.get_by_role("alert")).to_contain_text("Use at least 15 characters")
    page.get_by_label("New password", exact=True).fill(NEW)
    page.get_by_role("button", name="Save password").click()
    told(page, "Your password is changed")

    # Used: said at once, before anybody thinks of another password.
    page.goto(link)
    expect(page.get_by_role("alert")).to_contain_text("This link was already used.")
    expect(page.get_by_label("New password", exact=True)).to_have_count(0)
    check_page(page, title="Problem: Choose a new password")
    forgot(page, email)
    late = link_in(portal, email, "reset")
    with books(portal) as session:
        session.execute(
            text("UPDATE mail_token SET expires_at = now() WHERE email = :to"), {"to": email}
        )
    page.goto(late)
    expect(page.get_by_role("alert")).to_contain_text("This link is too old.")
    page.get_by_role("link", name="Send a new link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Forgot password?")

    try_to_sign_in(page, email, PASSWORD)
    expect(page.get_by_role("alert")).to_contain_text("is not right")
    try_to_sign_in(page, email, NEW)
    page.wait_for_url(re.compile(r"/$"))


def test_the_codes_activate_unlock_and_reset_on_another_device(
    phone: Page, portal: Running
) -> None:
    email = f"codes{time.time_ns()}@example.com"
    phone.goto("/sign-up")
    phone.get_by_label("Email", exact=True).fill(email)
    phone.get_by_label("Password", exact=True).fill(PASSWORD)
    phone.get_by_label("First name").fill("Coda")
    phone.get_by_label("Last name").fill("Lindt")
    phone.get_by_role("button", name="Sign up").click()
    code = code_in(portal, email, "activate")
    phone.get_by_label("6-digit code").fill(f"{(int(code) + 1) % 10**6:06d}")
    phone.get_by_role("button", name="Activate account").click()
    expect(phone.get_by_role("alert")).to_contain_text("This code is not right, or too old.")
    phone.get_by_label("6-digit code").fill(f"{code[:3]} {code[3:]}")
    phone.get_by_role("button", name="Activate account").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text(
        "Your account now has been activated."
    )

    for _ in range(5):
        try_to_sign_in(phone, email, "not this one at all")
    try_to_sign_in(phone, email, PASSWORD)
    expect(phone.get_by_role("alert")).to_contain_text("Try again in 15 minutes")
    phone.get_by_role("link", name="Unlock account?").click()
    phone.get_by_label("Email address").fill(email)
    phone.get_by_role("button", name="Send the link").click()
    phone.get_by_label("6-digit code").fill(code_in(portal, email, "unlock"))
    phone.get_by_role("button", name="Unlock account").click()
    told(phone, "Your account is unlocked.")

    forgot(phone, email)
    check_page(phone, title="Check your email")
    phone.get_by_label("6-digit code").fill(code_in(portal, email, "reset"))
    phone.get_by_role("button", name="Continue").click()
    phone.get_by_label("New password", exact=True).fill(NEW)
    phone.get_by_role("button", name="Save password").click()
    try_to_sign_in(phone, email, NEW)
    phone.wait_for_url(re.compile(r"/$"))
