"""The night's files say that a tenant left: what they find the next morning, and what not."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, expect

from portal.cities import city_file, read_city
from portal.domain.exchange.operations import Options, import_folder
from portal.kit.text import day, short_day
from portal.models.accounts import Account, Customer
from portal.models.identity import User
from portal.models.usage import AlertAddress, MeterDay, UsageNotification
from tests import factories
from tests.browser.checks import check_page, ready
from tests.browser.conftest import Running, cookie
from tests.browser.people import books, mailed
from tests.exchange_folder import Folder

ZONE = read_city(city_file("pleasanton")).zone
AUNT = "aunt.of.the.tenant@example.org"


@dataclass(frozen=True)
class House:
    """A place with a meter, its tenant and who came after."""

    tenant: User
    place: Account
    payer: Customer
    heir: Customer
    left: date


def a_house(portal: Running, page: Page) -> House:
    """Add the house and sign its tenant in; the meter went on after the day of the move."""
    left = datetime.now(ZONE).date() - timedelta(days=6)
    with books(portal) as session:
        tenant, place, payer = factories.household(session)
        heir = factories.customer(session, name1="NEXT, NOEL")
        factories.service(session, place, payer)
        feed = factories.meter(session, place).remote_id
        for days, gallons in [(n, 10) for n in (4, 3, 2, 1)] + [(n, 99) for n in (0, -1, -2, -3)]:
            thousandths = gallons * 1000
            session.add(
                MeterDay(
                    feed_id=feed, usage_date=left - timedelta(days=days), hours=[thousandths] * 24,
                    quality="R" * 24, total=thousandths * 24, minimum=thousandths,
                    maximum=thousandths, count=24, stamps=[], origin="." * 24,
                )
            )  # fmt: skip
        now = datetime.now(UTC)
        session.add(
            UsageNotification(
                user_id=tenant.id, account_id=place.id, customer_id=payer.id,
                threshold_gallons=300, emails=[tenant.email, AUNT], updated_at=now,
            )
        )  # fmt: skip
        session.add(AlertAddress(user_id=tenant.id, email=AUNT, language="en", confirmed_at=now))
        cookie(page.context, session, tenant, portal.url)
    return House(tenant, place, payer, heir, left)


def the_night(portal: Running, house: House, path: Path) -> None:
    """Take in the files in which the tenant left, with both customers' newest bills."""
    today, left = datetime.now(ZONE).date().isoformat(), house.left.isoformat()
    place = {"account_no": house.place.account_no}
    stays = (
        place | {"cid": house.payer.cid, "start_date": "2020-01-01", "stop_date": left},
        place | {"cid": house.heir.cid, "start_date": left},
    )
    bills = [
        place | {"cid": who.cid, "bill_no": f"9{who.cid}", "statement_date": today}
        for who in (house.payer, house.heir)
    ]
    parts = [{"bill_no": bill["bill_no"]} for bill in bills]
    folder = Folder(path / "night")
    for name, rows in (
        ("account_customers.csv", stays), ("bills.csv", bills), ("bill_lines.csv", parts),
        ("bill_installments.csv", parts),
    ):  # fmt: skip
        folder.put(name, *rows, mode="DELTA")
    now = datetime.now(UTC)
    with books(portal) as session:
        outcome = import_folder(
            session, folder.seal(now.isoformat()), Options(ZONE, path / "data"), now=now
        )
    said = [str(note) for note in outcome.notes]
    assert "links of customers who moved out: 1 ended, 0 opened again" in said


def test_a_tenant_who_left_keeps_their_own_time_and_no_other(
    page: Page, portal: Running, tmp_path: Path
) -> None:
    house = a_house(portal, page)
    account = f"?account={house.place.id}"
    page.goto(f"/utility-billing/summary{account}")
    ready(page)
    expect(page.get_by_text("You left this address on")).to_have_count(0)
    the_night(portal, house, tmp_path)

    # Still signed in, and told calmly: no problem, the final bill with its button.
    main = page.get_by_role("main")
    page.reload()
    check_page(page, title="Account Summary")
    expect(page.get_by_text(f"You left this address on {day(house.left)}")).to_be_visible()
    expect(page.locator(".errors")).to_have_count(0)
    expect(main.get_by_text("$100.00").first).to_be_visible()
    page.goto(f"/utility-billing/bills{account}")
    ready(page)
    expect(main).to_contain_text(f"9{house.payer.cid}")
    expect(main).not_to_contain_text(f"9{house.heir.cid}")
    page.get_by_role("button", name="Add to Cart").click()
    expect(page.get_by_role("link", name=re.compile(r"My Cart \(1 ")).first).to_be_visible()

    page.goto(f"/utility-billing/usage{account}")
    check_page(page)
    numbers = page.locator("main table").first
    expect(numbers).to_contain_text("240")
    expect(page.locator("main")).not_to_contain_text("2,376")
    expect(numbers).not_to_contain_text(short_day(house.left))

    page.goto(f"/utility-billing/notifications{account}")
    ready(page)
    expect(main).to_contain_text(day(house.left))
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    page.goto(f"/utility-billing/address{account}")
    ready(page)
    expect(page.get_by_label("Address", exact=True)).to_be_visible()
    page.goto("/utility-billing/accounts")
    ready(page)
    expect(main.get_by_role("table")).to_contain_text(f"Until {short_day(house.left)}")

    told = mailed(portal, house.tenant.email, "moved_out")
    assert f"{house.place.service_address} (account ending in" in told
    assert day(house.left) in told
    assert "You keep your own bills, the final one too" in told
    assert "no longer send alerts" in mailed(portal, AUNT, "alerts_ended")
