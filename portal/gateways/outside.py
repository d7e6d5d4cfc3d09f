"""Our own pages as somebody outside gets them: the public address, no cookie, no redirect."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import requests

CONNECT_SECONDS, READ_SECONDS = 5.0, 15.0


@dataclass(frozen=True)
class Seen:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Unseen(Exception):
    """The address did not answer."""


class Outside(Protocol):
    """Whoever looks at our pages from outside."""

    def see(self, address: str) -> Seen:
        """Fetch an address. Raises Unseen."""


class PublicWeb:
    """Over the network, as a browser without a session would."""

    def see(self, address: str) -> Seen:
        """See Outside."""
        try:
            answer = requests.get(
                address, timeout=(CONNECT_SECONDS, READ_SECONDS), allow_redirects=False
            )
        except requests.RequestException as lost:
            raise Unseen(f"{type(lost).__name__}: {address}") from lost
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Seen(answer.status_code, headers, answer.content)
