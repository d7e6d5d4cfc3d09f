"""The pictures of the README, taken from a running demo: `make pictures PORT=3000`.

Start `make demo` first; the same seed draws the same town, so only the look and the dates differ.
"""

import sys
from datetime import UTC, datetime

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from portal import routes
from portal.config import ROOT
from portal.demo import stories
from tests.browser.checks import CHROMIUM, ready

_FOLDER = ROOT / "docs" / "pictures"
_WIDE = {"width": 1120, "height": 760}
_PHONE = {"width": 390, "height": 760}
_MOST_BYTES = 200_000


def _shoot(page: Page, name: str) -> None:
    ready(page)
    page.wait_for_timeout(800)  # the chart draws itself after the page is ready
    path = _FOLDER / f"{name}.png"
    page.screenshot(path=path)
    if path.stat().st_size > _MOST_BYTES:
        raise SystemExit(f"{name} is larger than {_MOST_BYTES // 1000} kB")


def _resident(browser: Browser, address: str) -> tuple[BrowserContext, str]:
    """Sign the guide's resident in; return the profile and the query that names an account."""
    context = browser.new_context(base_url=address, viewport=_WIDE)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(routes.SIGN_IN + "?next=" + routes.ACCOUNTS)
    page.get_by_label("Email address").fill("maria@example.org")
    page.get_by_label("Password", exact=True).fill(stories.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    ready(page)
    href = page.locator("main a[href*='account=']").first.get_attribute("href") or ""
    page.close()
    return context, "?" + href.partition("?")[2]


def _of_resident(browser: Browser, address: str) -> None:
    context, account = _resident(browser, address)
    page = context.new_page()
    page.goto(routes.SUMMARY + account)
    _shoot(page, "account-summary")
    page.goto(routes.USAGE + account)
    _shoot(page, "usage")
    page.set_viewport_size(_PHONE)  # type: ignore[arg-type]
    page.goto(routes.BILLS + account)
    _shoot(page, "manage-bills-phone")
    page.get_by_role("button", name="Add to Cart").click()
    ready(page)
    page.goto(routes.CART)
    ready(page)
    page.set_viewport_size(_WIDE)  # type: ignore[arg-type]
    page.get_by_role("link", name="Checkout").or_(
        page.get_by_role("button", name="Checkout")
    ).first.click()
    page.wait_for_url("**" + routes.PAY_BILLS + "*")
    ready(page)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**" + routes.PAY + "/*")
    _shoot(page, "pay")
    context.close()


def _of_staff(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address, viewport=_WIDE)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(routes.ADMIN_CUSTOMERS + "?q=del")
    page.get_by_label("Email address").fill(stories.STAFF[0].email)
    page.get_by_label("Password", exact=True).fill(stories.PASSWORD)
    page.get_by_label("Code").fill(stories.staff_code(datetime.now(UTC)))
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**" + routes.ADMIN_CUSTOMERS + "*")
    _shoot(page, "staff")
    context.close()


def take(address: str) -> None:
    """Take every picture of the demo at `address`."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        _of_resident(browser, address)
        _of_staff(browser, address)
        browser.close()


if __name__ == "__main__":
    take(sys.argv[1])
