"""Linking as residents meet it on a phone: pasted numbers, codes, a scanned bill, no bill."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine, create_engine
from sqlmodel import Session, select

from portal.domain.bills import code
from portal.domain.identity import limits, throttles
from portal.models.accounts import Account, Customer, Tenure
from portal.models.bills import Bill
from portal.models.identity import AccountLink, User
from portal.models.outbox import Mail
from tests import factories
from tests.browser.checks import check_page, ready
from tests.browser.conftest import Running, cookie
from tests.browser.people import books, mailed, visit

EMAIL = "on.file@example.org"


@pytest.fixture
def town(portal: Running) -> Iterator[Engine]:
    engine = create_engine(portal.database_url)
    yield engine
    engine.dispose()


def newcomer(phone: Page, town: Engine, portal: Running, email: str) -> None:
    """Sign somebody in who has no account linked."""
    with Session(town) as db, db.begin():
        user = User(email=email, first_name="Noel", status="active", activated_at=datetime.now(UTC))
        db.add(user)
        db.flush()
        cookie(phone.context, db, user, portal.url)


def place(town: Engine, taken: int = 0) -> tuple[str, str]:
    """Return the numbers of an account that nobody has linked, with a mail address on file."""
    with Session(town) as db, db.begin():
        linked = select(AccountLink.account_id)
        account, customer = db.exec(
            select(Account, Customer)
            .join(Tenure, Tenure.account_id == Account.id)  # type: ignore[arg-type]
            .join(Customer, Tenure.customer_id == Customer.id)  # type: ignore[arg-type]
            .where(
                Tenure.stop_date.is_(None), Account.status == "ACTIVE", Customer.status == "A",  # type: ignore[union-attr]
                Account.id.not_in(linked),  # type: ignore[attr-defined]
            )
            .order_by(Account.account_no).offset(taken)
        ).first()  # type: ignore[misc]  # fmt: skip
        customer.email = EMAIL
        return account.account_no, customer.cid


def test_both_numbers_pasted_as_printed_and_then_another_account(
    phone: Page, town: Engine, portal: Running
) -> None:
    newcomer(phone, town, portal, "paste@example.org")
    number, cid = place(town)
    phone.goto("/utility-billing/link")
    check_page(phone, title="Account Link Setup")
    phone.get_by_label("What is the account ID?").fill(f"{number} - {cid},")
    phone.get_by_role("button", name="Submit").click()
    expect(phone.locator("main [role=status]")).to_contain_text(f"Account {number} at")
    # Another account of one payer: the customer ID stays.
    expect(phone.get_by_label("What is the CID?")).to_have_value(cid)
    expect(phone.get_by_label("What is the account ID?")).to_have_value("")
    check_page(phone)


def test_a_mailed_code_where_somebody_guessed(phone: Page, town: Engine, portal: Running) -> None:
    newcomer(phone, town, portal, "code@example.org")
    number, cid = place(town)
    with Session(town) as db, db.begin():
        for _ in range(limits.WRONG_PAIRS_ON_ACCOUNT):
            throttles.tally(
                db, f"link:account:{number.lstrip('0')}",
                limits.WRONG_PAIRS_ON_ACCOUNT_WINDOW, datetime.now(UTC),
            )  # fmt: skip
    phone.goto("/utility-billing/link")
    ready(phone)
    phone.get_by_label("What is the account ID?").fill(number)
    phone.get_by_label("What is the CID?").fill(cid)
    phone.get_by_role("button", name="Submit").click()
    expect(phone.get_by_label("Amount of your last bill")).to_be_visible()
    phone.get_by_role("button", name="Email me a code").click()
    expect(phone.locator("main [role=status]")).to_contain_text("If these two numbers belong")
    assert EMAIL not in phone.content()
    check_page(phone)
    with Session(town) as db:
        mail = db.exec(select(Mail).where(Mail.to_address == EMAIL, Mail.kind == "link_code")).one()
    found = re.search(r"\b\d{6}\b", mail.text_body)
    assert found is not None
    expect(phone.get_by_label("What is the account ID?")).to_have_value(number)
    phone.get_by_label("Code from the email").fill(found.group())
    phone.get_by_role("button", name="Submit").click()
    expect(phone.locator("main [role=status]")).to_contain_text(f"Account {number} at")


def test_a_guesser_is_stopped_and_who_comes_with_the_amount_is_told_of_and_removed(
    page: Page, browser: Browser, portal: Running
) -> None:
    with books(portal) as session:
        holder, place, payer = factories.household(session)
        factories.bill(session, place, payer, 8765)
        guesser, second = factories.user(session), factories.user(session)
        cookie(page.context, session, holder, portal.url, "198.51.100.1")
    said = "We could not link an account with these numbers."
    with visit(browser, portal, guesser, on="phone", ip="198.51.100.2") as phone:
        phone.goto("/utility-billing/link")
        ready(phone)
        for n in range(limits.WRONG_PAIRS):
            link(phone, place.account_no, f"77{n}", said)
            expect(phone.get_by_label("What is the CID?")).to_have_value(f"77{n}")
        link(phone, place.account_no, payer.cid, "Try again in 15 minutes.")
        check_page(phone, title="Problem: Account Link Setup")
    with visit(browser, portal, second, on="phone", ip="198.51.100.3") as phone:
        phone.goto("/utility-billing/link")
        ready(phone)
        link(phone, place.account_no, payer.cid, "Enter the amount of your last bill as well")
        phone.get_by_label("Amount of your last bill").fill("$12.34")
        link(phone, place.account_no, payer.cid, said)
        phone.get_by_label("Amount of your last bill").fill("$87.65")
        phone.get_by_role("button", name="Submit").click()
        expect(phone.locator("main [role=status]")).to_contain_text(f"Account {place.account_no}")

        told = mailed(portal, holder.email, "link_created_by_other")
        assert place.account_no[-4:] in told
        assert second.email not in told  # masked
        page.goto("/utility-billing/accounts")
        ready(page)
        page.get_by_role("link", name=re.compile("^People")).first.click()
        page.get_by_role("link", name=re.compile("^Remove access")).click()
        page.get_by_role("button", name="Remove", exact=True).click()
        expect(page.locator("main [role=status]")).to_contain_text("The access is removed.")
        phone.goto(f"/utility-billing/summary?account={place.id}")
        expect(phone.get_by_role("alert")).to_contain_text("could not find that account")
    assert "removed it from your sign-in" in mailed(portal, second.email, "link_removed").replace(
        "\n", " "
    )


def link(page: Page, number: str, cid: str, answer: str) -> None:
    """Type two numbers, and expect a problem."""
    page.get_by_label("What is the account ID?").fill(number)
    page.get_by_label("What is the CID?").fill(cid)
    page.get_by_role("button", name="Submit").click()
    expect(page.locator(".errors")).to_contain_text(answer)


def test_a_scanned_bill_fills_the_form_after_the_sign_in(
    phone: Page, town: Engine, portal: Running
) -> None:
    number, cid = place(town)
    with Session(town) as db:
        bill = db.exec(
            select(Bill)
            .join(Account, Bill.account_id == Account.id)  # type: ignore[arg-type]
            .join(Customer, Bill.customer_id == Customer.id)  # type: ignore[arg-type]
            .where(Account.account_no == number, Customer.cid == cid)
        ).first()
        assert bill is not None
        # The town's processes have a key of their own beside ours: both are the tests' one.
        scanned = code.address(bill.id).partition("/utility-billing")[2]
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    phone.goto("/utility-billing" + scanned)
    expect(phone.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    phone.wait_for_function("!location.hash")
    newcomer(phone, town, portal, "scan@example.org")
    phone.goto(f"/utility-billing/bill?id={bill.id}")
    phone.get_by_role("link", name="Link this bill's account").click()
    phone.wait_for_url("**/utility-billing/link")
    expect(phone.get_by_label("What is the account ID?")).to_have_value(number)
    expect(phone.get_by_label("What is the CID?")).to_have_value(cid)
    check_page(phone)
    assert phone.evaluate("sessionStorage.getItem('portal-bill')") is None
    for url in asked:
        assert number not in url
        assert cid not in url
        assert code.address(bill.id)[-20:] not in url
    phone.get_by_role("button", name="Submit").click()
    expect(phone.locator("main [role=status]")).to_contain_text(f"Account {number} at")
    # Scanned again by who has it: the bill itself.
    phone.goto("/utility-billing" + scanned)
    expect(phone.get_by_role("main")).to_contain_text(bill.bill_no)
    phone.wait_for_function("!location.hash")


def test_without_numbers_in_spanish(phone: Page, town: Engine, portal: Running) -> None:
    newcomer(phone, town, portal, "none@example.org")
    phone.goto("/es/utility-billing/link")
    ready(phone)
    phone.get_by_role("link", name="No tengo mis números").click()
    phone.wait_for_url("**/es/utility-billing/numbers")
    check_page(phone, title="No tengo mis números", lang="es")
    phone.get_by_role("button", name="Enviar solicitud").click()
    expect(phone.get_by_role("alert")).to_contain_text("Escriba el nombre que aparece")
    check_page(phone, lang="es")
    phone.get_by_label("Nombre en la factura").fill("Noel Ortiz")
    phone.get_by_label("Dirección del servicio", exact=True).fill("12 Oak St")
    phone.get_by_role("radio", name="Envíen mis números").check()
    phone.get_by_role("button", name="Enviar solicitud").click()
    expect(phone.locator("main [role=status]")).to_contain_text("NR-")
    check_page(phone, lang="es")
