"""The event socket: exact origin, state key bound to session and tab, sealed cookie, token bucket.

A stock Reflex socket lets any origin in, believes the tab's token and puts the cookie into its
state. Behind this layer the state key is an HMAC over session and tab: signing in, signing out
and revoking each start from a blank state, and a stolen tab token opens nothing.
"""

import asyncio
import time
from urllib.parse import parse_qs, urlencode
from uuid import UUID
from weakref import WeakValueDictionary

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal.domain.identity.addresses import ip_key
from portal.http import request as http
from portal.http.origins import our_origins
from portal.secret import seal

RATE_PER_SECOND = 10.0
BURST = 30.0
LARGEST_FRAME = 64 * 1024
# All sockets of one session, or of one network's strangers, together: opening more does not help.
RATE_OF_SESSION, BURST_OF_SESSION = 20.0, 90.0
RATE_OF_NETWORK, BURST_OF_NETWORK = 100.0, 300.0
SEALED = "sid"
_EVENT_PATH = "/_event"


def state_key(id_hash: str, tab: str) -> str:
    """Return the key of a tab's state: nobody can compute it who has not both."""
    return str(UUID(bytes=seal("state", f"{id_hash}|{tab}")[:16]))


class Bucket:
    """A token bucket in seconds of a monotonic clock."""

    def __init__(self, rate: float = RATE_PER_SECOND, burst: float = BURST) -> None:
        """Start full."""
        self.rate, self.burst, self.tokens, self.at = rate, burst, burst, 0.0

    def wait(self, now: float) -> float:
        """Take a token at `now`; return how long the taker must wait for it."""
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now
        self.tokens -= 1
        return max(0.0, -self.tokens / self.rate)


class Socket:
    """Let a browser's own page open the socket, as whom its session says, at a bearable rate."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap Reflex."""
        self.app = app
        # Each lives as long as one of its sockets does.
        self.shared: WeakValueDictionary[str, Bucket] = WeakValueDictionary()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a websocket on, bound and limited. Only Reflex's own paths come this far."""
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        if not scope["path"].startswith(_EVENT_PATH) or headers.get(b"origin") not in our_origins():
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        claimed = http.session_hash(headers.get(b"cookie", ""))
        # Validated now, not only present: a revoked session must not find its old state.
        actor = await http.resolve(claimed)
        id_hash = actor.session_hash
        query = parse_qs(scope["query_string"].decode("latin-1"))
        tab = query.get("token", [""])[0][:100]
        query["token"] = [state_key(id_hash, tab)]
        sealed = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
        if id_hash:
            sealed.append((b"cookie", f"{SEALED}={id_hash}".encode()))
        bound = {
            **scope,
            "headers": sealed,
            "query_string": urlencode(query, doseq=True).encode(),
        }
        bucket, shared = Bucket(), self._shared(scope, id_hash)

        async def limited() -> Message:
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            if len(message.get("text") or message.get("bytes") or "") > LARGEST_FRAME:
                return {"type": "websocket.disconnect", "code": 1009}
            # Waiting, not dropping: a person's burst arrives late rather than never, and a
            # flood is held in the sender's own connection.
            now = time.monotonic()
            if delay := max(bucket.wait(now), shared.wait(now)):
                await asyncio.sleep(delay)
            return message

        await self.app(bound, limited, send)

    def _shared(self, scope: Scope, id_hash: str) -> Bucket:
        """Return the bucket that this socket shares with the others of its session or network."""
        key = id_hash or "ip:" + ip_key(http.client_ip(HTTPConnection(scope)))
        found = self.shared.get(key)
        if found is None:
            rates = (RATE_OF_SESSION, BURST_OF_SESSION)
            found = Bucket(*(rates if id_hash else (RATE_OF_NETWORK, BURST_OF_NETWORK)))
            self.shared[key] = found
        return found
