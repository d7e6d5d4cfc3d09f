"""Signing in with the four providers of the guides, played on loopback, in Chromium."""

import re
import time

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import create_engine, text

from tests.browser.checks import check_page
from tests.browser.conftest import Running

PARTS = ("Google", "Apple", "Microsoft", "Facebook")


def code_for(portal: Running, to: str) -> str:
    """Return the six digits of the newest mail that confirms an address."""
    engine = create_engine(portal.database_url)
    with engine.connect() as connection:
        body = connection.scalars(
            text(
                "SELECT text_body FROM mail WHERE to_address = :to AND kind = 'provider_code'"
                " ORDER BY created_at DESC LIMIT 1"
            ),
            {"to": to},
        ).one()
    engine.dispose()
    found = re.search(r"\b(\d{6})\b", body)
    assert found is not None
    return found[1]


def consent(page: Page, part: str, email: str) -> None:
    """Say at the provider who one is, and come back."""
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Continue with {part} (test)")
    page.get_by_label("Email").fill(email)
    page.get_by_role("button", name="Continue").click()
    if part == "Apple":
        page.get_by_role("button", name="Go back").click()


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("device", ["page", "phone"])
def test_sign_in_with_a_provider_confirm_once_and_come_again(
    part: str, device: str, portal: Running, request: pytest.FixtureRequest
) -> None:
    page: Page = request.getfixturevalue(device)
    email = f"{part.lower()}{time.time_ns()}@example.net"
    page.goto("/sign-in")
    page.get_by_role("link", name=f"Sign in with {part}").click()
    consent(page, part, email)
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm your email address")
    check_page(page)
    page.get_by_label("6-digit code").fill("000000")
    page.get_by_role("button", name="Confirm and sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("This code is not right")
    page.get_by_label("6-digit code").fill(code_for(portal, email))
    page.get_by_role("button", name="Confirm and sign in").click()
    page.wait_for_url(portal.path("/"))
    page.goto("/settings/connections")
    expect(page.get_by_role("main")).to_contain_text(part)
    check_page(page)
    page.context.clear_cookies()
    page.goto("/es/sign-in")
    page.get_by_role("link", name=f"Iniciar sesión con {part}").click()
    consent(page, part, email)
    page.wait_for_url(portal.path("/es"))


def test_a_no_at_the_provider_leads_back_to_the_sign_in(page: Page) -> None:
    page.goto("/sign-in")
    page.get_by_role("link", name="Sign in with Google").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    expect(page.locator(".errors")).to_have_count(0)
