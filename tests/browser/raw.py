"""A socket client without a browser: says what an attacker may say."""

import json
from typing import Any
from uuid import uuid4

from simple_websocket import Client, ConnectionClosed, ConnectionError

ROOT_STATE = "reflex___state____state"


class Refused(Exception):
    """The server did not let the socket open."""


class _Closing(Client):
    """The library's client, which leaves its socket open when it is refused."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        try:
            super().__init__(url, headers=headers)
        except BaseException:
            self.sock.close()
            raise


class RawSocket:
    """The event socket, spoken by hand."""

    def __init__(
        self, url: str, *, tab: str = "", cookie: str = "", origin: str | None = ""
    ) -> None:
        """Open a socket to the portal at `url`. `origin`: "" the portal's own, None no header."""
        headers = {}
        if origin is not None:
            headers["Origin"] = origin or url
        if cookie:
            headers["Cookie"] = cookie
        self.tab = tab or str(uuid4())
        address = url.replace("http", "ws", 1)
        try:
            self.socket = _Closing(
                f"{address}/_event/?token={self.tab}&EIO=4&transport=websocket", headers=headers
            )
            # The greeting may come in the handshake's own packet, which the library drops.
            self.socket.send("40/_event,{}")
            self._next("40/_event")
        except (ConnectionClosed, ConnectionError, TimeoutError) as error:
            raise Refused from error

    def _next(self, start: str, wait: float = 15) -> str:
        while True:
            frame = self.socket.receive(timeout=wait)
            if frame is None:
                raise TimeoutError
            text = frame if isinstance(frame, str) else frame.decode()
            if text == "2":
                self.socket.send("3")
            elif text.startswith(start):
                return text

    def send(self, name: str, payload: dict[str, Any] | None = None, path: str = "/") -> None:
        """Send an event as the client of `path` would."""
        event = {
            "name": name,
            "payload": payload or {},
            "token": self.tab,
            "router_data": {"pathname": path.split("?")[0], "asPath": path, "query": {}},
        }
        self.socket.send("42/_event," + json.dumps(["event", event]))

    def heard(self, wait: float = 1.0) -> list[str]:
        """Return every update that arrives until `wait` seconds bring none."""
        found = []
        while True:
            try:
                found.append(self._next("42/_event", wait))
            except (TimeoutError, ConnectionClosed):
                return found

    def close(self) -> None:
        """Hang up."""
        self.socket.close()
