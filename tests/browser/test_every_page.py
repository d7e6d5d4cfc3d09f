"""Every page there is, as its people see it: axe in both colours, 320 px, one h1, title, language.

With SHOTS_TO=<folder> in the environment each page leaves its pictures there.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page
from sqlalchemy import Engine, create_engine
from sqlmodel import Session, col, select

from portal import routes
from portal.domain.identity import sessions
from portal.models.accounts import Account
from portal.models.bills import Bill
from portal.models.identity import AccountLink, User
from tests.browser.checks import check_page, shots
from tests.browser.conftest import Running

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
]
DRAWN_BY_THE_SERVER = [
    routes.SIGN_IN,
    routes.SIGN_UP,
    routes.FORGOT_PASSWORD,
    routes.UNLOCK_ACCOUNT,
    routes.ACTIVATE,
    routes.RESET_PASSWORD,
    routes.ADMIN_SIGN_IN,
    routes.DEMO_MAIL,
]


@pytest.fixture(scope="module")
def books(portal: Running) -> Iterator[Engine]:
    """Yield an engine on the running portal's database."""
    engine = create_engine(portal.database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def resident(context: BrowserContext, books: Engine, portal: Running) -> dict[str, str]:
    """Sign the guide's resident in by cookie; return an account and a bill of theirs."""
    with Session(books) as session:
        email = "guide@example.org"
        user = session.exec(select(User).where(User.email == email)).first()
        if user is None:
            linked = select(AccountLink.user_id)
            user = session.exec(
                select(User).where(col(User.id).in_(linked), User.role == "resident")
            ).first()
        assert user is not None
        link = session.exec(select(AccountLink).where(AccountLink.user_id == user.id)).first()
        assert link is not None
        bill = session.exec(
            select(Bill.id)
            .join(Account, col(Account.id) == Bill.account_id)
            .where(Bill.account_id == link.account_id)
            .order_by(col(Bill.due_date).desc())
        ).first()
        found = {"account": str(link.account_id), "bill": str(bill)}
        secret = sessions.create(session, user, False, "192.0.2.1", "test", datetime.now(UTC))
        session.commit()
    context.add_cookies(
        [
            {
                "name": "__Host-portal",
                "value": secret,
                "url": portal.url.replace("http://", "https://"),
                "secure": True,
                "httpOnly": True,
                "sameSite": "Lax",
            }
        ]
    )
    return found


def _keep(page: Page, name: str) -> None:
    if folder := os.environ.get("SHOTS_TO"):
        shots(page, Path(folder), name.strip("/").replace("/", "-") or "home")


@pytest.mark.parametrize("path", OF_RESIDENTS)
def test_residents_pages(page: Page, resident: dict[str, str], path: str) -> None:
    query = f"?id={resident['bill']}" if path == routes.BILL else f"?account={resident['account']}"
    page.goto(path + query)
    check_page(page)
    _keep(page, path)


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
