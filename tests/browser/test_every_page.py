"""Every page there is, as its people see it: axe in both colours, 320 px, one h1, title, language.

With SHOTS_TO=<folder> in the environment each page leaves its pictures there.
"""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from portal import routes
from portal.cities import city
from tests.browser.checks import check_page, ready, shots

pytestmark = pytest.mark.browser

# Pages that need more than an account in their address are held by their own tests.
OF_RESIDENTS = [
    routes.HOME,
    routes.UTILITY_BILLING,
    routes.ACCOUNTS,
    routes.LINK,
    routes.SUMMARY,
    routes.BILLS,
    routes.BILL,
    routes.USAGE,
    routes.CONSUMPTION,
    routes.NOTIFICATIONS,
    routes.DELIVERY,
    routes.ADDRESS,
    routes.CART,
    routes.SETTINGS,
    routes.SETTINGS_ACTIVITY,
]
DRAWN_BY_THE_SERVER = [
    routes.SIGN_IN,
    routes.SIGN_UP,
    routes.FORGOT_PASSWORD,
    routes.UNLOCK_ACCOUNT,
    routes.ACTIVATE,
    routes.RESET_PASSWORD,
    routes.ADMIN_SIGN_IN,
    routes.ALERT_CONFIRM,
    routes.ALERT_STOP,
    routes.SETTINGS_EMAIL_CONFIRM,
    routes.DEMO_MAIL,
]


def _keep(page: Page, name: str) -> None:
    if folder := os.environ.get("SHOTS_TO"):
        shots(page, Path(folder), name.strip("/").replace("/", "-") or "home")


def _check_paper(page: Page, printed: str) -> None:
    """Hold a page to what paper says: whose it is, where it stands and when it was printed."""
    page.emulate_media(media="print")
    head = page.get_by_role("banner")
    expect(head.get_by_text(city().full_name)).to_be_visible()
    expect(head.get_by_text(re.compile(rf"^{printed} .*\b20\d\d"))).to_be_visible()
    expect(head.get_by_text(page.url, exact=True)).to_be_visible()
    expect(page.locator("nav:visible, footer:visible, button:visible")).to_have_count(0)


@pytest.mark.parametrize("path", OF_RESIDENTS)
def test_residents_pages_on_screen_and_paper(
    page: Page, resident: dict[str, str], path: str
) -> None:
    query = f"?id={resident['bill']}" if path == routes.BILL else f"?account={resident['account']}"
    page.goto(path + query)
    check_page(page)
    _keep(page, path)
    _check_paper(page, "Printed")


def test_a_page_that_the_server_draws_on_paper(page: Page) -> None:
    page.goto(routes.SIGN_UP)
    _check_paper(page, "Printed")


def test_a_spanish_page_on_paper(page: Page, resident: dict[str, str]) -> None:
    page.goto(f"/es{routes.USAGE}?account={resident['account']}")
    ready(page)
    _check_paper(page, "Impreso")


@pytest.mark.parametrize("path", [routes.SUMMARY, routes.BILLS, routes.USAGE])
def test_residents_pages_in_spanish(page: Page, resident: dict[str, str], path: str) -> None:
    page.goto(f"/es{path}?account={resident['account']}")
    check_page(page, lang="es")
    _keep(page, "es" + path)


@pytest.mark.parametrize("path", DRAWN_BY_THE_SERVER)
def test_pages_that_the_server_draws(page: Page, path: str) -> None:
    page.goto(path)
    check_page(page)
    _keep(page, path)
