"""What an attacker does to a stock Reflex app, tried on ours with a bare socket."""

import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page
from sqlalchemy import Engine, create_engine
from sqlmodel import Session

from portal.domain.identity import sessions
from portal.models.identity import User
from tests import factories
from tests.browser.checks import ready
from tests.browser.conftest import Running
from tests.browser.raw import ROOT_STATE, RawSocket, Refused

pytestmark = pytest.mark.browser

HYDRATE = f"{ROOT_STATE}.hydrate"
SHELL = f"{ROOT_STATE}.portal___state___base____portal_state.portal___state___shell____shell_state"


@pytest.fixture(scope="module")
def books(portal: Running) -> Iterator[Engine]:
    """Yield an engine on the running portal's database."""
    engine = create_engine(portal.database_url)
    yield engine
    engine.dispose()


def signed_in(books: Engine, **given: str) -> tuple[User, str]:
    """Return a new resident and the cookie of a session of theirs."""
    with Session(books, expire_on_commit=False) as session:
        user = factories.user(session, **given)
        secret = sessions.create(session, user, False, "192.0.2.9", "test", datetime.now(UTC))
        session.commit()
    return user, f"__Host-portal={secret}"


@pytest.mark.parametrize(
    "origin", ["http://localhost:1", "https://evil.example", "null", None, "http://localhost"]
)
def test_another_origin_opens_no_socket(portal: Running, origin: str | None) -> None:
    with pytest.raises(Refused):
        RawSocket(portal.url, origin=origin)


def test_no_other_origin_is_granted_by_cors(portal: Running) -> None:
    request = urllib.request.Request(
        portal.url + "/", headers={"Origin": "https://evil.example", "Accept": "text/html"}
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.headers.get("access-control-allow-origin") is None


@pytest.mark.parametrize(
    "name",
    [
        f"{SHELL}._show",
        f"{SHELL}._actor",
        f"{SHELL}.setvar",
        f"{SHELL}.set_name",
        f"{SHELL}.reset",
        f"{SHELL}.__class__",
        f"{ROOT_STATE}.no_such_handler",
        f"{ROOT_STATE}.set_is_hydrated.fn",
        "",
    ],
)
def test_what_nobody_declared_is_not_called(portal: Running, name: str) -> None:
    socket = RawSocket(portal.url)
    socket.send(HYDRATE)
    socket.heard(0.5)
    socket.send(name, {"name": "name", "value": "mallory", "role": "administrator"})
    assert "mallory" not in "".join(socket.heard(0.5))
    socket.send(f"{SHELL}.load")
    assert socket.heard(0.5), "the socket goes on serving"
    socket.close()


def test_staff_handlers_send_a_resident_to_the_staff_sign_in(
    portal: Running, books: Engine
) -> None:
    from tests.architecture.handlers import lines

    _, cookie = signed_in(books)
    socket = RawSocket(portal.url, cookie=cookie)
    for line in lines():
        permission, name = line.split()
        if permission not in ("staff", "administrator"):
            continue
        _, module, state, handler = name.split(".")
        socket.send(
            f"{ROOT_STATE}.portal___state___base____portal_state."
            f"portal___state___{module}____{_snake(state)}.{handler}"
        )
    heard = "".join(socket.heard(1.5))
    assert "@" not in heard.replace("@font", ""), "no address of anybody"
    socket.close()


def _snake(name: str) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


def test_a_stolen_tab_token_opens_nothing(portal: Running, books: Engine) -> None:
    _user, cookie = signed_in(books, first_name="Quetzal")
    victim = RawSocket(portal.url, cookie=cookie)
    victim.send(HYDRATE)
    victim.send(f"{SHELL}.load")
    assert "Quetzal" in "".join(victim.heard())
    victim.close()
    thief = RawSocket(portal.url, tab=victim.tab)
    thief.send(HYDRATE)
    assert "Quetzal" not in "".join(thief.heard())
    thief.close()
    _other, other_cookie = signed_in(books, first_name="Bobcat")
    other = RawSocket(portal.url, tab=victim.tab, cookie=other_cookie)
    other.send(HYDRATE)
    assert "Quetzal" not in "".join(other.heard())
    other.close()


def test_a_revoked_session_is_answered_by_no_hydrate(portal: Running, books: Engine) -> None:
    user, cookie = signed_in(books, first_name="Ocelot")
    socket = RawSocket(portal.url, cookie=cookie)
    socket.send(HYDRATE)
    socket.send(f"{SHELL}.load")
    assert "Ocelot" in "".join(socket.heard())
    with Session(books) as session:
        sessions.revoke_all(session, user.id, datetime.now(UTC))
        session.commit()
    socket.send(HYDRATE, path="/cart")
    heard = "".join(socket.heard())
    assert "Ocelot" not in heard
    assert "/sign-in?next=%2Fcart" in heard
    socket.close()


def test_the_cookie_never_reaches_the_browser_nor_the_log(portal: Running, books: Engine) -> None:
    _, cookie = signed_in(books)
    secret = cookie.split("=", 1)[1]
    socket = RawSocket(portal.url, cookie=cookie)
    socket.send(HYDRATE)
    socket.send(f"{SHELL}.load")
    socket.send(f"{SHELL}.no_such_thing", {"password": "canary-in-a-payload"})
    heard = "".join(socket.heard())
    assert secret not in heard
    assert sessions.hash_of(secret) not in heard
    log = portal.log.read_text()
    assert secret not in log
    assert "canary-in-a-payload" not in log
    socket.close()


def test_a_flood_is_held_to_ten_a_second(portal: Running) -> None:
    socket = RawSocket(portal.url)
    socket.send(HYDRATE)
    socket.heard(0.5)
    start = time.monotonic()
    for _ in range(60):
        socket.send(f"{SHELL}.load")
    with urllib.request.urlopen(portal.url + "/ping", timeout=5) as answer:
        assert answer.status == 200, "others are served meanwhile"
    replies = 0
    while replies < 30 and socket._next("42/_event", 10):
        replies += 1
    # 30 at once, then ten a second: the last of sixty comes after three seconds or more.
    socket.heard(2.0)
    assert time.monotonic() - start >= 3.0
    socket.close()


def test_a_huge_frame_ends_the_socket(portal: Running) -> None:
    socket = RawSocket(portal.url)
    socket.send(f"{SHELL}.load", {"x": "y" * 100_000})
    assert "shell" not in "".join(socket.heard(1.0))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/_upload"),
        ("GET", "/_upload/x"),
        ("GET", "/_all_routes"),
        ("POST", "/_event/?EIO=4&transport=polling"),
        ("GET", "/_event/?EIO=4&transport=polling"),
        ("GET", "/..%2f..%2fportal/config.py"),
        ("GET", "/assets/../../rxconfig.py"),
    ],
)
def test_the_frameworks_other_doors_are_shut(portal: Running, method: str, path: str) -> None:
    request = urllib.request.Request(portal.url + path, method=method, data=b"" or None)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    refused.value.close()
    assert refused.value.code in (400, 404, 405)


def test_private_pages_send_no_html_to_strangers(portal: Running) -> None:
    class NoRedirect(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object, **__: object) -> None:
            return None

    opener = urllib.request.build_opener(NoRedirect)
    for path, wanted in (
        (
            "/utility-billing/summary?account=1",
            "/sign-in?next=/utility-billing/summary%3Faccount%3D1",
        ),
        ("/es/utility-billing/bills", "/es/sign-in?next=/es/utility-billing/bills"),
        ("/utility-billing/usage/", "/sign-in?next=/utility-billing/usage/"),
    ):
        with pytest.raises(urllib.error.HTTPError) as answer:
            opener.open(portal.url + path)
        assert answer.value.code == 303
        assert answer.value.headers["location"] == wanted
        assert answer.value.headers["cache-control"] == "no-store"
        assert answer.value.read() == b""
        answer.value.close()


def test_every_answer_carries_the_headers(portal: Running) -> None:
    with urllib.request.urlopen(portal.url + "/help") as answer:
        headers = answer.headers
    policy = headers["content-security-policy"]
    script = policy.split("script-src ")[1].split(";")[0]
    assert "unsafe" not in script
    assert "'sha256-" in script
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"


def test_hashed_assets_are_kept_for_ever_and_pages_are_not(portal: Running, page: Page) -> None:
    kept: dict[str, str] = {}
    page.on(
        "response",
        lambda answer: kept.update({answer.url: answer.headers.get("cache-control", "")}),
    )
    page.goto("/help")
    ready(page)
    assets = {url: value for url, value in kept.items() if "/assets/" in url}
    assert len(assets) > 5
    assert set(assets.values()) == {"public, max-age=31536000, immutable"}
    assert kept[portal.url + "/help"] == "no-cache"
