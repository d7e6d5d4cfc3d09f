"""Post forms to the server-drawn pages as a browser does: cookies, our origin, its token."""

import re
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from portal import http as layers
from portal.domain.identity import passwords

ORIGIN = "http://localhost:3000"


def browser() -> TestClient:
    """Return a browser of its own: cookies, our origin, no redirects followed by itself."""
    app = layers.wrap(Starlette(), build=Path("none-built"), access={})
    # https, so that the client keeps Secure cookies; browsers keep them on localhost anyway.
    return TestClient(
        app,
        base_url="https://localhost:3000",
        headers={"origin": ORIGIN, "sec-fetch-site": "same-origin"},
        follow_redirects=False,
    )


def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash and pace quickly, where the time is not what is tested."""
    hasher = passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", hasher)
    monkeypatch.setattr(passwords, "_NOBODY", passwords.hash_of("nobody's"))
    monkeypatch.setattr("portal.kit.pace.rest", lambda spent, span: 0)


def fill(client: TestClient, path: str, **fields: str) -> Any:
    """Open a page and post the form that has the fields given, or its first, with what is hidden.

    The page may hold several forms: a browser sends what stands in one of them.
    """
    page = client.get(path)
    assert page.status_code == 200
    forms = re.findall(r"<form.*?</form>", page.text.partition("<main")[2], re.DOTALL)
    ours = [form for form in forms if any(f'name="{name}"' in form for name in fields)]
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', (ours or forms)[0]))
    return client.post(path, data=hidden | fields)


def problems(answer: Any) -> list[str]:
    """Return the sentences of an answer's error summary."""
    block = re.search(r'class="errors".*?</ul>', answer.text, re.DOTALL)
    return re.findall(r"<li>(?:<a[^>]*>)?(.*?)(?:</a>)?</li>", block[0]) if block else []
