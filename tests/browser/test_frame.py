"""The frame of every page, signed out: both languages, navigation, focus, what is not there."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.checks import check_page, ready
from tests.browser.conftest import Running, start

pytestmark = pytest.mark.browser

PUBLIC = {
    "/": ("Home", "Inicio"),
    "/help": ("Help", "Ayuda"),
    "/contact": ("Contact Us", "Contáctenos"),
    "/accessibility": ("Accessibility", "Accesibilidad"),
    "/privacy": ("Privacy", "Privacidad"),
}


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_hold_in_english(page: Page, path: str) -> None:
    page.goto(path)
    check_page(page, title=PUBLIC[path][0])


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_hold_in_spanish(page: Page, path: str) -> None:
    page.goto("/es" if path == "/" else "/es" + path)
    check_page(page, title=PUBLIC[path][1], lang="es")


def test_the_language_switch_leads_to_the_same_page_and_back(page: Page) -> None:
    page.goto("/help?from=mail")
    ready(page)
    # The page is drawn before it knows its query; the link leads there as soon as it does.
    spanish = page.get_by_role("link", name="Español")
    expect(spanish).to_have_attribute("href", "/es/help?from=mail")
    spanish.click()
    expect(page).to_have_url("/es/help?from=mail")
    expect(page.get_by_role("heading", level=1, name="Ayuda")).to_be_visible()
    english = page.get_by_role("link", name="English")
    expect(english).to_have_attribute("href", "/help?from=mail")
    english.click()
    expect(page).to_have_url("/help?from=mail")


def test_navigation_moves_focus_to_the_heading_and_says_the_title(page: Page) -> None:
    page.goto("/")
    ready(page)
    page.get_by_role("contentinfo").get_by_role("link", name="Privacy").click()
    expect(page.get_by_role("heading", level=1, name="Privacy")).to_be_focused()
    expect(page.locator("#route-announcer")).to_have_text("Privacy - City of Pleasanton")


def test_the_skip_link_moves_focus_to_main(page: Page) -> None:
    page.goto("/help")
    ready(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_an_unknown_address_is_a_404_in_its_language(page: Page) -> None:
    answer = page.goto("/no-such-page")
    assert answer is not None
    assert answer.status == 404
    check_page(page, title="Page not found")
    answer = page.goto("/es/no-such-page")
    assert answer is not None
    assert answer.status == 404
    check_page(page, title="Página no encontrada", lang="es")


def test_the_phone_has_a_menu_and_no_left_menu(phone: Page) -> None:
    phone.goto("/help")
    ready(phone)
    phone.get_by_text("Menu", exact=True).click()
    phone.get_by_role("navigation", name="Menu").get_by_role("link", name="Home").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("Welcome")


def test_losing_the_connection_is_said_in_our_words(page: Page) -> None:
    page.goto("/es/help")
    ready(page)
    page.context.set_offline(True)
    expect(page.locator(".offline")).to_contain_text("Se perdió la conexión")
    page.context.set_offline(False)
    expect(page.locator(".offline")).to_have_text("")


def test_a_dead_server_is_said_in_our_words(
    tmp_path: Path, browser: Browser, portal: Running
) -> None:
    served = start(portal.database_url, tmp_path)
    running = next(served)
    context = browser.new_context(base_url=running.url)
    page = context.new_page()
    page.goto("/es")
    ready(page)
    served.close()  # the server ends; the browser still believes to be on line
    expect(page.get_by_text("Se perdió la conexión.")).to_be_visible(timeout=30_000)
    context.close()
