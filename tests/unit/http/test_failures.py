"""What nobody expected is a page in words with a reference that the log has too."""

import logging
import re
from typing import Any

import pytest
from sqlalchemy import create_engine
from starlette.responses import StreamingResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from portal.http.failures import Failures
from portal.kit import db as kit_db
from tests.posting import browser


async def _broken(scope: Scope, receive: Receive, send: Send) -> None:
    raise LookupError("the database is away")


def get(path: str, accept: str, app: Any = _broken) -> Any:
    return TestClient(Failures(app)).get(path, headers={"accept": accept})


@pytest.mark.parametrize(
    ("path", "title"), [("/sign-in", "Something went wrong"), ("/es/sign-in", "Algo salió mal")]
)
def test_a_fault_is_a_page_with_a_reference(
    path: str, title: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = get(path + "?token=abcdef", "text/html")
    assert answer.status_code == 500
    assert title in answer.text
    (reference,) = set(re.findall(r"\b[0-9A-F]{8}\b", answer.text))
    (record,) = [r for r in caplog.records if r.name == "portal.http"]
    assert record.levelno == logging.ERROR
    assert record.getMessage() == f"GET /sign-in failed, reference {reference}"
    assert record.exc_info is not None


def test_a_script_gets_a_sentence_that_is_no_json() -> None:
    answer = get("/pay/1/confirm", "application/json")
    assert (answer.status_code, answer.headers["content-type"]) == (
        500,
        "text/plain; charset=utf-8",
    )
    assert answer.text.startswith("Something went wrong on our side.")


def test_an_answer_that_had_begun_is_cut_off() -> None:
    async def half(scope: Scope, receive: Receive, send: Send) -> None:
        async def body() -> Any:
            yield b"half"
            raise LookupError

        await StreamingResponse(body())(scope, receive, send)

    with pytest.raises(LookupError):
        get("/documents/bill", "text/html", half)


def test_a_resident_is_told_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    away = create_engine("postgresql+psycopg://nobody@127.0.0.1:9/none?connect_timeout=2")
    monkeypatch.setattr(kit_db, "_current", [away])
    answer = browser().get(
        "/sign-in", headers={"accept": "text/html", "cookie": "__Host-portal=secret"}
    )
    assert answer.status_code == 500
    assert "call us and give this reference" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "frame-ancestors" in answer.headers["content-security-policy"]
