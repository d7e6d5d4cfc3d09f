"""Every plain HTTP route as everybody, with every method and hostile fields.

The routes are the ones the app serves, so that a new one is in here by itself.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from portal import http as layers
from portal.domain.identity.permission import Permission
from portal.http import plain_routes
from portal.http.policy import BASE_HEADERS
from portal.routes import READY
from portal.secret import csrf_of_session, csrf_of_visitor
from tests.architecture.app import portal
from tests.posting import ORIGIN, quick
from tests.town import MAY, MAY_WRITE, ROLES, Town, kept_from, known
from tests.town import town as built

FORM = "application/x-www-form-urlencoded"
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
# Every name that any of our forms and addresses reads.
FIELDS = (
    "id", "account", "token", "email", "password", "current", "code", "recovery_code", "act",
    "name", "first_name", "last_name", "credential", "purpose", "confirmation", "next", "state",
    "user", "error", "iss", "total", "user_id", "List-Unsubscribe", "remember", "q", "sort",
    "group", "image", "done", "declined", "connect", "address1", "zip",
)  # fmt: skip
ACTS = (
    "remove",
    "rename",
    "begin",
    "end",
    "off",
    "again",
    "send",
    "unlock",
    "finish",
    "start",
    "x",
)
# They do what they are there for, whatever they are sent.
ENDS_SESSION = ("/auth/sign-out", "/auth/sign-out-everywhere")
HOSTILE = (
    "a\x00b", "\r\nSet-Cookie: x=1", "9" * 5_000, "-1", "' OR 1=1 --", "../../etc/passwd",
    "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "NaN", "{}", "[" * 4_000,
    '{"name": "\\ud800"}', '{"name": {"firstName": "a\\u0000b"}}', "\u2028\U0001f4a7",
    "//evil.example", "javascript:alert(1)", '{"name": {"firstName": "\\ud800"}}',
)  # fmt: skip


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with built() as made:
        yield made


@pytest.fixture
def loud(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Any:
    quick(monkeypatch)
    # Nobody is turned away for asking too often: each look has to reach what it looks at.
    monkeypatch.setattr("portal.domain.identity.throttles.take", lambda *_: True)
    # Every page says for paper when it was drawn: two that are compared may see a minute pass.
    monkeypatch.setattr("portal.http.plain.moment", lambda *_: "")
    caplog.set_level(logging.WARNING)
    return caplog


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    cookies: tuple[str, ...]
    body: str


@cache
def app() -> Any:
    """Return the app's own layers round its plain routes, without a built front end."""
    return layers.wrap(Starlette(), build=Path("none-built"), access={})


async def ask(
    method: str,
    path: str,
    query: str = "",
    *,
    secret: str = "",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    served: Any = None,
) -> Answer:
    """Send one request as the server would hand it on; return the answer."""
    given = {"host": "localhost:3000", "accept": "text/html", "user-agent": "matrix"}
    given |= headers or {}
    cookies = [f"__Host-portal={secret}"] if secret else []
    given["cookie"] = "; ".join(
        [*cookies, "__Host-form=nonce", *filter(None, [given.get("cookie")])]
    )
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": path, "raw_path": path.encode(errors="replace"),
        "query_string": query.encode("latin-1"), "root_path": "", "client": ("192.0.2.1", 1),
        "server": ("localhost", 3000), "state": {},
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items()],
    }  # fmt: skip
    parts, sent = [{"type": "http.request", "body": body, "more_body": False}], []

    async def receive() -> Any:
        return parts.pop(0) if parts else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await (served or app())(scope, receive, send)
    head = [(n.decode().lower(), v.decode("latin-1")) for n, v in sent[0]["headers"]]
    return Answer(
        sent[0]["status"],
        dict(head),
        tuple(value for name, value in head if name == "set-cookie"),
        b"".join(message.get("body", b"") for message in sent[1:]).decode("utf-8", "replace"),
    )


@cache
def methods_by_path() -> dict[str, set[str]]:
    """Return what every path that the app serves answers to."""
    found: dict[str, set[str]] = {}
    for route in plain_routes():
        assert isinstance(route, Route), route
        found.setdefault(route.path, set()).update(route.methods or ())
    return found


PATHS = sorted(methods_by_path())


def filled(path: str, claim: str) -> str:
    """Return a route's path with `claim` in each of its places."""
    return re.sub(r"{\w+}", lambda _: claim, path)


def by(town: Town, role: str, *, ours: bool = True, json: bool = False) -> dict[str, Any]:
    """Return what a form of one of our open pages comes with, or of a stranger's."""
    headers = {"content-type": FORM, "origin": ORIGIN if ours else "https://evil.example"}
    headers["sec-fetch-site"] = "same-origin" if ours else "cross-site"
    if json:
        headers["accept"] = "application/json"
    return {"secret": town.secrets[role], "headers": headers}


def form(town: Town, role: str, fields: dict[str, str]) -> bytes:
    """Return fields as a body, with the token of the role's own page."""
    id_hash = town.session_hash(role)
    ended = role in ("anonymous", "revoked")
    token = csrf_of_visitor("nonce") if ended else csrf_of_session(id_hash)
    return urlencode({"csrf": token, **fields}, errors="replace").encode()


def check(answer: Answer, role: str, at: tuple[str, ...]) -> None:
    """What holds of every answer there is."""
    # A database without our migrations is one that "ready" says no to.
    assert answer.status < 500 or at[0] == READY, at
    for name, value in BASE_HEADERS:
        assert answer.headers.get(name.decode()) == value.decode(), at
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy, at
    assert "unsafe" not in policy.split("script-src")[1].split(";")[0], at
    assert "no-store" in answer.headers["cache-control"], at
    assert "access-control-allow-origin" not in answer.headers, at
    leaked = [w for w in kept_from(role) if w in answer.body or w in repr(answer.headers)]
    assert leaked == [], at
    assert "Traceback" not in answer.body, at


def quiet(loud: pytest.LogCaptureFixture) -> None:
    """No answer was a fault of ours."""
    failed = [r.exc_text or r.getMessage() for r in loud.records if r.levelno >= logging.ERROR]
    assert failed == []


@pytest.mark.parametrize("role", ROLES)
async def test_every_method_is_answered_and_looking_writes_nothing(
    town: Town, loud: Any, role: str
) -> None:
    # A copy of one's own data is told by mail: the one look that leaves more than a note.
    before = town.rows() | {"mail": town.rows(role)["mail"]}
    for path, allowed in methods_by_path().items():
        for method in METHODS:
            for at in {filled(path, town.claims["cart"]), filled(path, "a\x00b")}:
                answer = await ask(method, at, **by(town, role))
                seen = (path, method, at, str(answer.status))
                check(answer, role, seen)
                if method not in allowed:
                    assert answer.status == 405, seen
                    assert "GET" in answer.headers["allow"] or "POST" in answer.headers["allow"], (
                        seen
                    )
    assert town.rows() | {"mail": town.rows(role)["mail"]} == before
    quiet(loud)


@pytest.mark.parametrize("role", ROLES)
async def test_a_post_of_no_page_of_ours_changes_nothing(town: Town, loud: Any, role: str) -> None:
    before = town.rows()
    fields = dict.fromkeys(FIELDS, "x") | {"id": town.claims["link"], "act": "remove"}
    for path in (p for p, allowed in methods_by_path().items() if "POST" in allowed):
        at = filled(path, town.claims["cart"])
        for json in (False, True):
            for sent in (
                {"body": urlencode(fields).encode(), **by(town, role, json=json)},
                {"body": form(town, role, fields), **by(town, role, ours=False, json=json)},
            ):
                answer = await ask("POST", at, **sent)
                check(answer, role, (path, at))
                assert answer.status in (200, 303, 400, 403, 404, 422), (at, answer.status)
                if answer.status == 200:  # a script is told where to go, and nothing else
                    assert re.fullmatch(r'{"go":"[^"]+"}', answer.body), at
                assert not [c for c in answer.cookies if c.startswith("__Host-portal=")], at
    assert town.rows() == before
    quiet(loud)


@pytest.mark.parametrize("role", [role for role in ROLES if role not in MAY_WRITE])
async def test_foreign_and_unknown_ids_are_answered_alike(town: Town, loud: Any, role: str) -> None:
    theirs = known(role) | ({"account", "bill"} if role == "viewer" else set())
    for path, allowed in methods_by_path().items():
        for kind in ("account", "bill", "cart", "link"):
            if kind in theirs:
                continue
            answers = []
            for claim in (town.claims[kind], str(uuid4())):
                found = await _everyway(town, role, path, allowed, claim)
                for answer in found:
                    check(answer, role, (path, kind))
                answers.append([_alike(answer, claim) for answer in found])
            assert answers[0] == answers[1], (path, kind)
    quiet(loud)


async def _everyway(
    town: Town, role: str, path: str, allowed: set[str], claim: str
) -> list[Answer]:
    """Name `claim` wherever the path, its address and its form have room for it."""
    names = ("id", "account", "cart", "token")
    query, at, found = urlencode(dict.fromkeys(names, claim)), filled(path, claim), []
    if "GET" in allowed:
        found.append(await ask("GET", at, query, **by(town, role)))
    if "POST" in allowed and path not in ENDS_SESSION:
        body = form(town, role, dict.fromkeys(names, claim))
        sent = by(town, role, json=path.startswith("/pay"))
        found.append(await ask("POST", at, query, body=body, **sent))
    return found


def _part(value: bytes, more: bytes = b"") -> bytes:
    """Return a multipart body of one field."""
    head = b'--b\r\nContent-Disposition: form-data; name="email"' + more
    return head + b"\r\n\r\n" + value + b"\r\n--b--\r\n"


def _alike(answer: Answer, claim: str) -> tuple[Any, ...]:
    headers = {n: v for n, v in answer.headers.items() if n != "set-cookie"}
    said = repr((answer.status, sorted(headers.items()), answer.body))
    # What differs from answer to answer by itself: a new challenge, and one's data in a ZIP.
    said = re.sub(r'"challenge":"[^"]+"', "", said)
    if "application/zip" in headers.get("content-type", ""):
        said = "ZIP"
    return (said.replace(claim, "<id>"), len(answer.cookies))


@pytest.mark.parametrize("role", ROLES)
async def test_hostile_fields_are_an_answer_and_write_nothing_foreign(
    town: Town, loud: Any, role: str
) -> None:
    before = _kept(town, role)
    # A third of the words as everybody, all of them by all together: they meet the same code.
    some = slice(ROLES.index(role) % 3, None, 3)
    for path, allowed in methods_by_path().items():
        for word, act in list(zip(HOSTILE, cycle(ACTS), strict=False))[some]:
            at, seen = filled(path, word[:100]), (path, word[:20])
            if "GET" in allowed:
                query = urlencode(dict.fromkeys(FIELDS, word[:300]))
                check(await ask("GET", at, query, **by(town, role)), role, seen)
            if "POST" in allowed and path not in ENDS_SESSION:
                body = form(town, role, dict.fromkeys(FIELDS, word) | {"act": act})
                json = path.startswith("/pay")
                check(await ask("POST", at, body=body, **by(town, role, json=json)), role, seen)
    assert _kept(town, role) == before
    quiet(loud)


def _kept(town: Town, role: str) -> Any:
    """Return what no hostile form may change; to begin to sign in is everybody's."""
    begun = {"passkey_challenge", "provider_flow"}
    return {name: rows for name, rows in town.rows(role).items() if name not in begun}


NO_FORM = (
    ("multipart/form-data", b"x"),
    ("multipart/form-data; boundary=b", b"--b\r\nno header\r\n\r\n"),
    ("multipart/form-data; boundary=b; charset=utf-7", _part(b"+2AA-")),
    ("multipart/form-data; boundary=b; charset=undefined", _part(b"x")),
    ("multipart/form-data; boundary=b", _part(b"\xff\x00", b'; filename="a.csv"')),
    (FORM, b"&".join(b"%d=" % n for n in range(1_500))),
    (FORM + "; charset=utf-16", b"email=%ff%fe"),
    (FORM, b"csrf=%ff%00&email=%ed%a0%80&code=\xff"),
    ("application/json", b"[" * 20_000),
    ("", b"\x00"),
    ('\xff;;="', b"email=a"),
)


# A file is held in memory and goes with its request: there is nothing to close.
@pytest.mark.filterwarnings("ignore:Exception ignored in.*SpooledTemporaryFile")
@pytest.mark.parametrize("role", ["anonymous", "resident"])
async def test_a_body_that_is_no_form_of_ours_is_an_answer(
    town: Town, loud: Any, role: str
) -> None:
    before = town.rows()
    for path in (p for p, allowed in methods_by_path().items() if "POST" in allowed):
        if path in ENDS_SESSION:
            continue
        for kind, body in NO_FORM:
            sender = {"referer": "http://["} if kind == FORM else {"origin": ORIGIN}
            sent = {"headers": {"content-type": kind, **sender}, "secret": town.secrets[role]}
            answer = await ask("POST", filled(path, town.claims["link"]), body=body, **sent)
            check(answer, role, (path, kind))
    assert town.rows() == before
    quiet(loud)


@pytest.mark.parametrize("role", ROLES)
async def test_a_page_is_sent_to_whom_it_is_for_and_kept_by_no_cache(
    town: Town, loud: Any, tmp_path: Path, role: str
) -> None:
    pages = {page.route: page.access for page in portal().PAGES}
    for path in pages:
        for code in ("", "es"):
            folder = tmp_path / code / path.strip("/")
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "index.html").write_text('<html lang="en">drawn</html>')
    served = layers.wrap(Starlette(), build=tmp_path, access=pages)
    for path, access in pages.items():
        for at in (path, "/es" + path.rstrip("/")):
            answer = await ask("GET", at, "a=1", **by(town, role), served=served)
            seen = (at, str(access))
            if access is Permission.PUBLIC:
                assert (answer.status, answer.headers["cache-control"]) == (200, "no-cache"), seen
                continue
            check(answer, role, seen)
            assert ("drawn" in answer.body) == (role in MAY[access]), seen
            if role not in MAY[access]:
                assert answer.status == 303, seen
                assert "/sign-in?next=" in answer.headers["location"], seen
    quiet(loud)
