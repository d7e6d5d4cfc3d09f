"""A provider that really answers on loopback, and the browser's way there and back."""

import asyncio
import re
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from granian.constants import Interfaces
from granian.server.embed import Server
from sqlalchemy import Engine
from sqlmodel import Session, select
from starlette.testclient import TestClient

from portal.demo.loopback import LOOPBACK
from portal.demo.oidc.issuer import PARTS, Issuer
from portal.demo.oidc.server import application, environment_for, issuer_of
from portal.gateways import oidc, providers
from portal.models.identity import User
from portal.models.outbox import Mail
from tests.posting import browser, quick

ROBIN = {"email": "robin.field@example.net", "first_name": "Robin", "last_name": "Field"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    environment = environment_for()
    found = issuer_of(environment)
    server = Server(
        application(found),
        address=LOOPBACK,
        port=urlsplit(found.base).port or 0,
        interface=Interfaces.ASGI,
        log_access=False,
    )
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(server.serve(),), daemon=True)
    thread.start()
    for _ in range(200):
        try:
            httpx.get(f"{found.base}/google/keys")
            break
        except httpx.TransportError:
            threading.Event().wait(0.05)
    configured = {
        name: {
            key.removeprefix(f"OIDC_{name.upper()}_"): value
            for key, value in environment.items()
            if key.startswith(f"OIDC_{name.upper()}_")
        }
        for name in PARTS
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(providers, "oidc_environment", lambda: configured)
        providers.providers.cache_clear()
        yield found
    providers.providers.cache_clear()
    loop.call_soon_threadsafe(server.stop)
    thread.join(10)
    loop.close()


@pytest.fixture(autouse=True)
def provider_ready(
    monkeypatch: pytest.MonkeyPatch, issuer: Issuer, database: Engine
) -> Iterator[None]:
    quick(monkeypatch)
    oidc.published.forget()
    issuer.changes.clear()
    yield
    issuer.changes.clear()


def consent(address: str, person: dict[str, str] = ROBIN) -> tuple[str, dict[str, str]]:
    """Consent as a person would at the provider; return where it leads and what it posts."""
    answer = httpx.post(address, data=person | {"act": "go"})
    if answer.status_code == 303:
        return answer.headers["location"], {}
    assert answer.status_code == 200, answer.text
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', answer.text))
    found = re.search(r'action="([^"]+)"', answer.text)
    assert found is not None
    return found[1], {name: value.replace("&#34;", '"') for name, value in hidden.items()}


def follow(client: TestClient, where: str, posted: dict[str, str]) -> Any:
    """Come back from the provider, as a browser does."""
    parts = urlsplit(where)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    if posted:
        # Cross-site: neither our cookies nor our origin come along.
        stranger = browser()
        answer = stranger.post(path, data=posted, headers={"origin": "https://elsewhere.example"})
        assert answer.status_code == 303
        path = answer.headers["location"]
        assert "code=" not in path
    return client.get(path, headers={"sec-fetch-site": "cross-site"})


def arrive(client: TestClient, part: str, person: dict[str, str] = ROBIN, query: str = "") -> Any:
    begun = client.get(f"/auth/with/{part}{query}")
    assert begun.status_code == 303
    return follow(client, *consent(begun.headers["location"], person))


def code_of(database: Engine, to: str = ROBIN["email"]) -> str:
    with Session(database) as db:
        bodies = db.exec(
            select(Mail.text_body).where(Mail.kind == "provider_code", Mail.to_address == to)
        ).all()
    found = re.search(r"\b(\d{6})\b", bodies[-1])
    assert found is not None
    return found[1]


def confirm(client: TestClient, **fields: str) -> Any:
    page = client.get("/sign-in/confirm")
    assert page.status_code == 200
    token = re.search(r'name="csrf" value="([^"]*)"', page.text)
    assert token is not None
    return client.post("/sign-in/confirm", data={"csrf": token[1]} | fields)


def users(database: Engine) -> list[tuple[str, str]]:
    with Session(database) as db:
        return sorted((one.email, one.status) for one in db.exec(select(User)).all())
