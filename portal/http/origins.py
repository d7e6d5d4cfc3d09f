"""Which origins are ours, exactly. They rule the socket, every post and the CSP."""

from urllib.parse import urlsplit

from portal.config import public_url


def our_origins() -> tuple[str, ...]:
    """Return the exact origins that may open a socket or post a form.

    A portal on `http://localhost:PORT` answers to `127.0.0.1` as well: browsers treat both as the
    machine itself. No other alias is added.
    """
    parts = urlsplit(public_url())
    origin = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1"):
        port = f":{parts.port}" if parts.port else ""
        return tuple(f"http://{host}{port}" for host in ("localhost", "127.0.0.1"))
    return (origin,)


def is_https() -> bool:
    """True when residents reach the portal over TLS."""
    return public_url().startswith("https://")
