"""What a hostile client sends to the plain HTTP routes: sizes, headers, cookies, addresses."""

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select
from starlette.requests import Request
from starlette.routing import Route
from starlette.testclient import TestClient

from portal.domain.identity import passwords
from portal.http import bodies, plain_routes, socket
from portal.http import request as http
from portal.http.request import client_ip, cookie_of, path_only
from portal.models.identity import User, UserSession
from portal.routes import WEBHOOK_STRIPE
from tests import factories
from tests.posting import browser, fill, quick

PASSWORD = "garden-kettle-9"
ANA = "ana.rivera@example.com"
POSTS = sorted(
    route.path.replace("{cart}", "11111111-1111-4111-8111-111111111111")
    for route in plain_routes()
    if isinstance(route, Route) and "POST" in (route.methods or ())
)


@pytest.fixture
def ana(database: Engine, monkeypatch: pytest.MonkeyPatch) -> User:
    quick(monkeypatch)
    with Session(database, expire_on_commit=False) as db, db.begin():
        return factories.user(db, email=ANA, password_hash=passwords.hash_of(PASSWORD))


def _pieces(total: int) -> Iterator[bytes]:
    for _ in range(total // 8192 + 1):
        yield b"a" * 8192


def _signed_in(ana: User) -> TestClient:
    client = browser()
    fill(client, "/sign-in", email=ANA, password=PASSWORD)
    return client


@pytest.mark.parametrize("path", POSTS)
def test_no_post_reads_more_than_its_share(ana: User, path: str) -> None:
    client = _signed_in(ana)
    most = 1_000_000 if path == WEBHOOK_STRIPE else bodies.LARGEST
    kind = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    announced = client.post(path, content=b"a=" + b"b" * (most + 1), headers=kind)
    assert announced.status_code == 413
    assert announced.headers["x-content-type-options"] == "nosniff"
    # Without a length; a route that has no need of the body may answer before it is read.
    streamed = client.post(path, content=_pieces(most + 10_000), headers=kind)
    assert streamed.status_code in (413, 404)


async def test_a_sender_that_trickles_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SECONDS", 0.02)
    sent: list[Any] = []

    async def never() -> Any:
        await asyncio.sleep(30)

    async def send(message: Any) -> None:
        sent.append(message)

    from starlette.applications import Starlette

    async def read(request: Request) -> Any:
        await request.form()

    app = bodies.Bodies(Starlette(routes=[Route("/x", read, methods=["POST"])]))
    headers = [(b"content-type", b"application/x-www-form-urlencoded")]
    scope = {"type": "http", "method": "POST", "path": "/x", "headers": headers,
             "query_string": b""}  # fmt: skip
    await app(scope, never, send)
    assert sent[0]["status"] == 408


@pytest.mark.parametrize("path", [p for p in POSTS if p != WEBHOOK_STRIPE])
def test_no_post_is_taken_without_token_or_from_another_origin(
    database: Engine, ana: User, path: str
) -> None:
    client = _signed_in(ana)
    for fields, origin in (({}, None), ({"csrf": "x" * 43}, None), ({}, "https://evil.example")):
        headers = {"origin": origin, "sec-fetch-site": "cross-site"} if origin else {}
        answer = client.post(path, data=fields, headers=headers)
        if answer.status_code == 200:  # a script is only told where to go
            assert answer.json() == {"go": path.removesuffix("/resume")}
        else:
            assert answer.status_code in (303, 403, 422)
        assert "set-cookie" not in answer.headers or "portal=" not in answer.headers["set-cookie"]
    with Session(database) as db:
        assert db.exec(select(UserSession.revoked_at)).one() is None  # still signed in


@pytest.mark.parametrize("total", ["9" * 5000, "-1", "1e3", "\u0661", ""])
def test_a_hostile_total_is_a_sentence(ana: User, total: str) -> None:
    client = _signed_in(ana)
    token = client.get("/sign-in?next=/x").text.split('name="csrf" value="')[1].split('"')[0]
    answer = client.post(
        "/pay/11111111-1111-4111-8111-111111111111/confirm",
        data={"csrf": token, "token": "ctoken_1", "total": total, "name": "a\x00b"},
        headers={"accept": "application/json"},
    )
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["sentence"]


@pytest.mark.parametrize(
    "claim",
    ["//evil", "/\\evil", "/a\tb", "/a\r\nSet-Cookie: x=1", "/\u4f60", "/\x7f", "x", None],
)
def test_a_redirect_stays_here_and_fits_a_header(claim: Any) -> None:
    assert path_only(claim) == "/"


def test_a_doubled_slash_draws_no_link_to_another_host(database: Engine) -> None:
    for path in ("//evil.example/x", "/es//evil.example/x"):
        html = browser().get("https://localhost:3000" + path, headers={"accept": "text/html"}).text
        assert '"//evil.example' not in html
        assert '"/es//evil.example' not in html


def _request(*forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    return Request({"type": "http", "headers": headers, "client": ("10.0.0.1", 1)})


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        (("198.51.100.7",), "198.51.100.7"),
        (("6.6.6.6, 198.51.100.7",), "198.51.100.7"),
        # A proxy that adds a line of its own below the caller's.
        (("6.6.6.6", "198.51.100.7"), "198.51.100.7"),
        (("6.6.6.6, , ", "198.51.100.7"), "198.51.100.7"),
        ((), "10.0.0.1"),
    ],
)
def test_the_callers_own_forwarding_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, lines: tuple[str, ...], address: str
) -> None:
    monkeypatch.setattr(http, "settings", lambda: SimpleNamespace(trusted_proxy_hops=1))
    assert client_ip(_request(*lines)) == address
    monkeypatch.setattr(http, "settings", lambda: SimpleNamespace(trusted_proxy_hops=0))
    assert client_ip(_request(*lines)) == "10.0.0.1"


def test_a_cookie_that_cannot_be_read_hides_no_other() -> None:
    header = 'a={"b": [1]}; c=x y; __Host-portal=secret; d="'
    assert cookie_of(header) == "secret"
    assert cookie_of("x__Host-portal=1; __Host-portalx=2") == ""


def test_more_sockets_bring_no_more_events() -> None:
    layer = socket.Socket(None)  # type: ignore[arg-type]
    scope = {"type": "websocket", "headers": [], "client": ("192.0.2.7", 1)}
    one, two = layer._shared(scope, "session"), layer._shared(scope, "session")
    assert one is two
    assert layer._shared(scope, "other") is not one
    stranger = layer._shared(scope, "")
    assert stranger is layer._shared({**scope, "client": ("192.0.2.7", 2)}, "")
    waits = [one.wait(0.0) for _ in range(int(socket.BURST_OF_SESSION) + 20)]
    assert waits[int(socket.BURST_OF_SESSION) - 1] == 0
    assert waits[-1] == pytest.approx(1.0)
    del one, two, stranger
    assert dict(layer.shared) == {}
