"""Browsers: what one is called in plain words, and which ones a user has signed in with before.

A browser is known by a random id in a cookie that outlives every session, stored by its SHA-256.
It lets nobody in: it only decides whether a sign-in is news to the owner.
"""

import ipaddress
import secrets
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from portal.cities import city
from portal.domain.audit import operations as audit
from portal.domain.identity import mails
from portal.domain.identity.actor import Actor
from portal.domain.identity.sessions import hash_of
from portal.kit.ids import UserId
from portal.kit.text import _, moment, speaking
from portal.models.identity import User, UserSession
from portal.models.settings import KnownBrowser

# The first that is named decides: each names those below it as well.
_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"),
    ("Windows", "Windows"), ("Mac OS X", "Mac"), ("Linux", "Linux"),
)  # fmt: skip


def named(user_agent: str) -> str:
    """Return what a browser calls itself as people say it: "Firefox on Windows"."""
    browser = next((word for mark, word in _BROWSERS if mark in user_agent), "")
    system = next((word for mark, word in _SYSTEMS if mark in user_agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system or _("A browser we do not know")


def short_ip(ip: str) -> str:
    """Return a network address without what tells one subscriber from the next."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return short_ip(str(address.ipv4_mapped))
        return ":".join(address.exploded.split(":")[:2]) + ":x"
    return str(address).rpartition(".")[0] + ".x"


def greet(session: Session, session_hash: str, device: str, now: datetime) -> str:
    """Note which browser has just signed in, and tell the owner by mail of one not seen before.

    `device` is the id in its cookie, "" for none; returns the id to keep there. The first sign-in
    of all is no news: the owner has just activated the account.
    """
    found = session.exec(
        select(UserSession, User)
        .join(User, col(User.id) == UserSession.user_id)
        .where(UserSession.id_hash == session_hash)
    ).one_or_none()
    if found is None:
        return ""
    row, user = found
    device = device or secrets.token_urlsafe(32)
    is_new = session.execute(
        insert(KnownBrowser)
        .values(user_id=user.id, device_hash=hash_of(device), created_at=now, last_seen_at=now)
        .on_conflict_do_nothing()
        .returning(col(KnownBrowser.user_id))
    ).one_or_none()
    if is_new is None:
        seen = session.get_one(KnownBrowser, (user.id, hash_of(device)))
        seen.last_seen_at = now
        return device
    actor = Actor(user_id=UserId(user.id), role=user.role, ip=row.ip)
    audit.record(session, actor, "session.new_browser", subject_user_id=user.id)
    # Staff pass a second factor each time, and have no "Forgot password?" to be sent to.
    if user.role == "resident" and row.previous_sign_in_at is not None:
        with speaking(user.language):
            browser, at = named(row.user_agent), moment(now, city().zone)
        mails.new_browser(session, user, browser, at)
    return device
