"""Account Settings by the words of Pleasanton's step 3, and what follows from each of them."""

import json
import re
import time
import zipfile
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import select

from portal.models.identity import User
from tests import factories
from tests.browser.checks import check_page, ready, told
from tests.browser.conftest import Running
from tests.browser.people import PASSWORD, books, link_in, mailed, somebody

pytestmark = pytest.mark.browser

NEW = "nine lanterns over a slow river"
SignIn = Callable[..., None]


@pytest.fixture
def person(portal: Running) -> str:
    """Return the address of a new resident with PASSWORD and nothing linked."""
    return somebody(portal, email=f"settler{time.time_ns()}@example.com").email


def open_settings(page: Page) -> None:
    """Choose Account Settings from the menu of the person, as a page of the app shows it."""
    ready(page)
    page.locator("header summary").filter(visible=True).last.click()
    page.get_by_role("link", name="Account Settings").filter(visible=True).click()
    page.wait_for_url(re.compile(r"/settings$"))
    ready(page)


@pytest.mark.parametrize("on", ["page", "phone"])
def test_step_3_of_the_guide(
    request: pytest.FixtureRequest, person: str, sign_in: SignIn, on: str
) -> None:
    page: Page = request.getfixturevalue(on)
    sign_in(person, PASSWORD, on=page)
    open_settings(page)
    check_page(page, title="Account Settings")
    for heading in ("Account Information", "Linked Accounts", "Utility Billing Payment Accounts"):
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    facts = page.locator("dl.facts")
    for label in ("Now logged in as", "Last successful login", "Last failed login",
                  "Password last changed", "E-Mail address"):  # fmt: skip
        expect(facts.get_by_text(label, exact=True)).to_be_visible()
    expect(facts).to_contain_text(person)
    for link in ("Change Password", "Change E-Mail Address", "link to account"):
        expect(page.get_by_role("link", name=link, exact=True)).to_be_visible()
    expect(page.get_by_text("There are currently no linked accounts")).to_be_visible()
    page.get_by_role("link", name="link to account").click()
    page.wait_for_url(re.compile(r"/utility-billing/link$"))
    page.go_back()
    ready(page)
    page.get_by_role("link", name="Go To Module Homepage").click()
    page.wait_for_url(re.compile(r"/utility-billing$"))
    ready(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Utility Billing Payment")


def test_linked_accounts_are_listed_and_removed(page: Page, resident: dict[str, str]) -> None:
    page.goto("/settings")
    ready(page)
    linked = page.get_by_role("table", name="Utility Billing Payment Accounts")
    for column in ("Account", "Customer"):
        expect(linked.get_by_role("columnheader", name=column, exact=True)).to_be_visible()
    linked.get_by_role("link", name=re.compile("^remove")).first.click()
    expect(page.get_by_role("heading", name="Remove this account")).to_be_visible()


def test_a_user_id_and_a_language_are_kept(page: Page, person: str, sign_in: SignIn) -> None:
    name = f"U{time.time_ns() % 10**12}"
    sign_in(person, PASSWORD)
    open_settings(page)
    page.get_by_label("User ID").fill("two words")
    page.get_by_role("button", name="Save User ID").click()
    expect(page.get_by_role("alert")).to_contain_text("Use 1 to 20 letters")
    check_page(page)
    page.get_by_label("User ID").fill(name)
    page.get_by_role("button", name="Save User ID").click()
    expect(page.get_by_text("Your User ID is saved.")).to_be_visible()
    expect(page.locator("dl.facts dd").first).to_have_text(name)
    page.get_by_label("Language of our messages").select_option(label="Español")
    page.get_by_role("button", name="Save language").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    page.context.clear_cookies()
    sign_in(name.lower(), PASSWORD)
    open_settings(page)
    expect(page.get_by_label("Language of our messages")).to_have_value("es")


def test_a_new_password_and_who_is_signed_out(
    page: Page, phone: Page, person: str, sign_in: SignIn
) -> None:
    sign_in(person, PASSWORD, on=phone)
    ready(phone)
    sign_in(person, PASSWORD)
    open_settings(page)
    browsers = page.get_by_role("table", name="Where you are signed in")
    expect(browsers.get_by_role("row")).to_have_count(3)
    expect(browsers.get_by_text("This browser")).to_have_count(1)
    page.get_by_role("link", name="Change Password").click()
    check_page(page, title="Change Password")
    page.get_by_label("Current password", exact=True).fill("not this one")
    page.get_by_label("New password", exact=True).fill(NEW)
    page.get_by_role("button", name="Change Password").click()
    expect(page.get_by_role("alert")).to_contain_text("The current password is not right.")
    check_page(page, title="Problem: Change Password")
    page.get_by_label("Current password", exact=True).fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill(NEW)
    page.get_by_role("button", name="Change Password").click()
    page.wait_for_url(re.compile(r"/settings\?done=password$"))
    ready(page)
    expect(page.get_by_text("Every other browser was signed out.")).to_be_visible()
    expect(browsers.get_by_role("row")).to_have_count(2)
    phone.goto("/settings")
    phone.wait_for_url(re.compile("/sign-in"))
    page.get_by_role("button", name="Sign out everywhere").click()
    page.wait_for_url(re.compile("done=everywhere"))
    expect(page.get_by_text("You are signed out in every browser.")).to_be_visible()


def test_the_address_changes_at_both_mailboxes(
    page: Page, browser: Browser, portal: Running, person: str, sign_in: SignIn
) -> None:
    fresh = "new-" + person
    sign_in(person, PASSWORD)
    open_settings(page)
    page.get_by_role("link", name="Change E-Mail Address").click()
    check_page(page, title="Change E-Mail Address")
    page.get_by_label("New email address").fill(fresh)
    page.get_by_label("Current password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Change E-Mail Address").click()
    page.wait_for_url(re.compile(r"/settings\?done=email$"))
    ready(page)
    expect(page.get_by_text("Waiting for both addresses to confirm")).to_be_visible()
    page.goto("/settings/email")
    check_page(page)
    for to, kind in ((fresh, "email_new"), (person, "email_old")):
        profile = browser.new_context(base_url=portal.url)
        box = profile.new_page()
        box.goto(link_in(portal, to, kind))
        expect(box).to_have_url(re.compile(r"/settings/email/confirm$"))
        check_page(box)
        box.get_by_role("button", name="Confirm the change").click()
        told(box, "confirmed")
        check_page(box)
        profile.close()
    page.goto("/settings")
    ready(page)
    expect(page.locator("dl.facts")).to_contain_text(fresh)


def test_the_copy_is_downloaded_and_the_account_closed(
    page: Page, phone: Page, portal: Running, person: str, sign_in: SignIn
) -> None:
    with books(portal) as session:
        place, payer = factories.account(session), factories.customer(session)
        factories.tenure(session, place, payer)
        user = session.exec(select(User).where(User.email == person)).one()
        factories.link(session, user, place, payer)
        bill = factories.bill(session, place, payer, 6789)
    sign_in(person, PASSWORD, on=phone)
    ready(phone)
    sign_in(person, PASSWORD)
    open_settings(page)
    with page.expect_download() as started:
        page.get_by_role("link", name="Export my data").click()
    assert re.fullmatch(r"my-data-\d{4}-\d\d-\d\d\.zip", started.value.suggested_filename)
    with zipfile.ZipFile(started.value.path()) as packed:
        whole = json.loads(packed.read("my-data.json"))
        files = {name: packed.read(name).decode("utf-8-sig") for name in packed.namelist()}
    assert whole["profile"][0]["email"] == person
    assert [row["account"] for row in whole["links"]] == [place.account_no]
    assert [(row["bill"], row["billed"]) for row in whole["bills"]] == [(bill.bill_no, "67.89")]
    assert len(whole["sessions"]) == 2
    assert "session.sign_in" in files["activity.csv"]
    assert bill.bill_no in files["bills.csv"]
    assert not re.search(r"argon2|[0-9a-f]{64}", "".join(files.values()))  # no hash of anything
    assert "copy" in mailed(portal, person, "data_exported")
    page.get_by_role("link", name="Close my account").click()
    check_page(page, title="Close my account")
    page.get_by_label("Type CLOSE to confirm").fill("CLOSE")
    page.get_by_label("Current password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Close my account").click()
    expect(page.get_by_text("Your account is closed")).to_be_visible()
    phone.goto(f"/utility-billing/summary?account={place.id}")
    expect(phone).to_have_url(re.compile("/sign-in"))
    sign_in(person, PASSWORD)
    expect(page.locator(".errors")).to_contain_text("email address or password is not right")


def test_account_settings_in_spanish(page: Page, resident: dict[str, str]) -> None:
    for path, heading in (
        ("settings", "Configuración de la cuenta"),
        ("settings/password", "Cambiar la contraseña"),
        ("settings/email", "Cambiar la dirección de correo electrónico"),
        ("settings/close", "Cerrar mi cuenta"),
    ):
        page.goto(f"/es/{path}")
        check_page(page, title=heading, lang="es")
