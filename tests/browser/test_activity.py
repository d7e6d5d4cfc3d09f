"""Who looked at my account: a look that staff have just made, on the resident's own page."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool
from sqlmodel import Session

from tests import factories
from tests.browser.checks import check_page, ready, watch
from tests.browser.conftest import Running, cookie

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Home:
    """A resident who is signed in on `page`, an administrator in the `office`, and their town."""

    page: Page
    office: Page
    email: str
    customer: str


@pytest.fixture
def home(page: Page, browser: Browser, portal: Running) -> Iterator[Home]:
    """Yield a household of its own, with an administrator who is about to look at it."""
    context = browser.new_context(base_url=portal.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    engine = create_engine(portal.database_url, poolclass=NullPool)
    with Session(engine) as session, session.begin():
        resident, _, payer = factories.household(session)
        staff = factories.user(
            session, email=f"clerk{payer.cid}@city.example", role="administrator"
        )
        cookie(page.context, session, resident, portal.url)
        cookie(context, session, staff, portal.url)
        email, customer = resident.email, f"/admin/customer?id={payer.id}"
    office = context.new_page()
    problems = watch(office)
    yield Home(page, office, email, customer)
    context.close()
    assert problems == []


def look(home: Home) -> None:
    """Open the customer's page in the office."""
    home.office.goto(home.customer)
    ready(home.office)


@pytest.mark.parametrize("width", [1280, 390])
def test_the_resident_sees_who_has_just_looked(home: Home, width: int) -> None:
    page = home.page
    look(home)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto("/settings")
    ready(page)
    page.get_by_role("link", name="Who looked at my account").click()
    page.wait_for_url(re.compile(r"/settings/activity$"))
    ready(page)
    log = page.get_by_role("table", name="What happened")
    noted = log.get_by_role("row").filter(has_text="City staff looked at your customer record")
    expect(noted.first).to_be_visible()
    expect(log).not_to_contain_text("clerk-")
    # By the keyboard: the first field, a choice, Enter on the button.
    show = page.get_by_label("Show")
    show.focus()
    page.keyboard.press("C")
    expect(show).to_have_value("staff")
    page.get_by_role("button", name="Apply").press("Enter")
    page.wait_for_url(re.compile(r"show=staff"))
    ready(page)
    expect(show).to_have_value("staff")
    expect(log.get_by_role("row").filter(has_text="signed")).to_have_count(0)
    expect(noted.first).to_be_visible()
    file = page.get_by_role("link", name="Download as a spreadsheet (CSV)").get_attribute("href")
    answer = page.request.get(file or "")
    assert answer.headers["cache-control"] == "private, no-store"
    head, *rows = csv.reader(io.StringIO(answer.body().decode("utf-8-sig")))
    assert head == ["When", "What happened", "Account Number", "Browser", "Network"]
    assert {row[1].split(" looked")[0] for row in rows} == {"City staff"}
    check_page(page, title="Who looked at my account")
    page.goto("/settings/activity?begin=2001-01-01&end=2001-01-02")
    expect(page.get_by_text("Nothing of this kind was noted in these days.")).to_be_visible()
    page.get_by_label("Beginning Date").fill("2001-01-03")
    page.get_by_role("button", name="Apply").click()
    problem = page.get_by_role("alert")
    expect(problem).to_contain_text("End Date must be the same as Beginning Date or after it.")
    page.get_by_role("link", name="Show everything").click()
    page.wait_for_url(re.compile(r"/settings/activity$"))
    expect(noted.first).to_be_visible()


def test_in_spanish(home: Home) -> None:
    page = home.page
    look(home)
    page.goto("/es/settings/activity?show=staff")
    check_page(page, title="Quién vio mi cuenta", lang="es")
    noted = page.get_by_role("row").filter(has_text="El personal de la ciudad vio su registro")
    expect(noted.first).to_be_visible()
    expect(page.get_by_role("heading", name="No fui yo")).to_be_visible()


def test_an_administrator_finds_the_look_and_leaves_one(home: Home) -> None:
    page, office = home.page, home.office
    look(home)
    office.get_by_role("link", name="Audit").first.click()
    office.wait_for_url(re.compile(r"/admin/audit$"))
    ready(office)
    office.get_by_label("Email").fill(home.email)
    office.keyboard.press("Enter")
    office.wait_for_url(re.compile(r"person="))
    check_page(office, title="Audit")
    row = office.get_by_role("row").filter(has_text="Searched the audit for somebody")
    expect(row.first).to_contain_text(home.email)
    page.goto("/settings/activity?show=staff")
    ready(page)
    expect(page.get_by_text("City staff looked at this record of activity").first).to_be_visible()
