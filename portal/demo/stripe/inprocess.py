"""The stand-in under the real SDK with no socket: an HTTP client that calls the core."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import stripe

from portal.demo.stripe.checks import decode_form
from portal.demo.stripe.core import LostReply, Standin


class InProcess(stripe.HTTPClient):
    """Answer the SDK's requests from a stand-in in this process."""

    name = "standin"

    def __init__(self, standin: Standin) -> None:
        super().__init__()
        self._standin = standin

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Return body, status and headers; a lost reply is a connection error to the SDK."""
        asked = urlsplit(url)
        heard = dict(headers or {})
        try:
            status, body = self._standin.handle(
                method.upper(),
                asked.path,
                decode_form(post_data or asked.query),
                heard,
                heard.get("Idempotency-Key"),
            )
        except LostReply as lost:
            raise stripe.APIConnectionError(  # type: ignore[no-untyped-call]
                f"The stand-in lost the reply ({lost}).", should_retry=True
            ) from lost
        return json.dumps(body), status, {"Request-Id": "req_standin"}

    def close(self) -> None:
        """Nothing is open."""
