"""Who looked at my account: a look that staff have just made, on the resident's own page."""

import csv
import io
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import create_engine
from sqlmodel import Session, select

from portal.models.identity import AccountLink, User
from tests import factories
from tests.browser.checks import check_page, ready, watch
from tests.browser.conftest import Running, cookie

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(browser: Browser, portal: Running) -> Iterator[tuple[Page, str]]:
    """Yield an administrator's page, and the address of the guide's resident's customer."""
    engine = create_engine(portal.database_url)
    context = browser.new_context(base_url=portal.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    with Session(engine, expire_on_commit=False) as session, session.begin():
        user = session.exec(select(User).where(User.email == "guide@example.org")).one()
        tie = session.exec(select(AccountLink).where(AccountLink.user_id == user.id)).first()
        assert tie is not None
        email = f"clerk-{tie.id}@city.example"
        staff = session.exec(select(User).where(User.email == email)).first()
        staff = staff or factories.user(session, email=email, role="administrator")
        cookie(context, session, staff, portal.url)
        customer = f"/admin/customer?id={tie.customer_id}"
    engine.dispose()
    page = context.new_page()
    problems = watch(page)
    yield page, customer
    context.close()
    assert problems == []


@pytest.mark.parametrize("width", [1280, 390])
def test_the_resident_sees_who_has_just_looked(
    page: Page, resident: dict[str, str], opened: tuple[Page, str], width: int
) -> None:
    office, customer = opened
    office.goto(customer)
    ready(office)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto("/settings")
    ready(page)
    page.get_by_role("link", name="Who looked at my account").click()
    page.wait_for_url(re.compile(r"/settings/activity$"))
    ready(page)
    log = page.get_by_role("table", name="What happened")
    look = log.get_by_role("row").filter(has_text="City staff looked at your customer record")
    expect(look.first).to_be_visible()
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
    expect(look.first).to_be_visible()
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
    expect(look.first).to_be_visible()


def test_in_spanish(page: Page, resident: dict[str, str], opened: tuple[Page, str]) -> None:
    office, customer = opened
    office.goto(customer)
    ready(office)
    page.goto("/es/settings/activity?show=staff")
    check_page(page, title="Quién vio mi cuenta", lang="es")
    look = page.get_by_role("row").filter(has_text="El personal de la ciudad vio su registro")
    expect(look.first).to_be_visible()
    expect(page.get_by_role("heading", name="No fui yo")).to_be_visible()


def test_an_administrator_finds_the_look_and_leaves_one(
    page: Page, resident: dict[str, str], opened: tuple[Page, str]
) -> None:
    office, customer = opened
    office.goto(customer)
    ready(office)
    office.get_by_role("link", name="Audit").first.click()
    office.wait_for_url(re.compile(r"/admin/audit$"))
    ready(office)
    office.get_by_label("Email").fill("guide@example.org")
    office.keyboard.press("Enter")
    office.wait_for_url(re.compile(r"person=guide%40example.org"))
    check_page(office, title="Audit")
    row = office.get_by_role("row").filter(has_text="Searched the audit for somebody")
    expect(row.first).to_contain_text("guide@example.org")
    page.goto("/settings/activity?show=staff")
    ready(page)
    expect(page.get_by_text("City staff looked at this record of activity").first).to_be_visible()
