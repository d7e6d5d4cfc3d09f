"""People of a test's own: their rows in the portal's database, their browsers, their mail."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page
from sqlalchemy import create_engine
from sqlmodel import Session, col, select

from portal.domain.identity import passwords
from portal.models.identity import User
from portal.models.outbox import Mail
from tests import factories
from tests.browser.checks import watch
from tests.browser.conftest import Running, cookie

PASSWORD = "kettle under seven bridges"
_WIDE = {"viewport": {"width": 1280, "height": 900}}
_PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@contextmanager
def books(portal: Running) -> Iterator[Session]:
    """Yield a session on the portal's database, committed where the block ends well."""
    engine = create_engine(portal.database_url)
    try:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            yield session
    finally:
        engine.dispose()


def somebody(portal: Running, **given: object) -> User:
    """Add a resident of a test's own who signs in with PASSWORD."""
    with books(portal) as session:
        return factories.user(session, password_hash=passwords.hash_of(PASSWORD), **given)


@contextmanager
def visit(
    browser: Browser,
    portal: Running,
    user: User | None,
    *,
    on: str = "page",
    ip: str = "192.0.2.1",
) -> Iterator[Page]:
    """Yield a page of a profile of its own, in which `user`, if any, is signed in; `on` a "phone".

    `ip`: whose wrong numbers count together.
    """
    context = browser.new_context(base_url=portal.url, **(_PHONE if on == "phone" else _WIDE))
    context.set_default_timeout(15_000)
    if user is not None:
        with books(portal) as session:
            cookie(context, session, user, portal.url, ip)
    page = context.new_page()
    problems = watch(page)
    yield page
    context.close()
    assert problems == []


def mailed(portal: Running, to: str, kind: str) -> str:
    """Return the text of the newest mail of a kind to an address."""
    with books(portal) as session:
        return session.exec(
            select(Mail.text_body)
            .where(Mail.to_address == to, Mail.kind == kind)
            .order_by(col(Mail.created_at).desc())
            .limit(1)
        ).one()


def link_in(portal: Running, to: str, kind: str) -> str:
    """Return path and query of the link in that mail."""
    body = mailed(portal, to, kind)
    parts = urlsplit(next(word for word in body.split() if "token=" in word))
    return f"{parts.path}?{parts.query}"


def code_in(portal: Running, to: str, kind: str) -> str:
    """Return the six digits in that mail."""
    found = re.search(r"\b\d{6}\b", mailed(portal, to, kind))
    assert found is not None
    return found.group()
