"""The portal's own secret: set by the city, or made once and kept beside the data."""

import hashlib
import hmac
import os
import secrets
from functools import cache

from portal.config import settings


@cache
def _root() -> bytes:
    given = settings().secret_key.get_secret_value()
    if given:
        return given.encode()
    path = settings().data_dir / "secret.key"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(handle, "wb") as file:
        value = secrets.token_hex(32).encode()
        file.write(value)
    return value


def seal(purpose: str, text: str) -> bytes:
    """Return the 32-byte HMAC-SHA-256 of `text`, under a key of its own for each purpose."""
    key = hmac.digest(_root(), purpose.encode(), hashlib.sha256)
    return hmac.digest(key, text.encode(), hashlib.sha256)


def csrf_of_session(id_hash: str) -> str:
    """Return the form token of a signed-in session, known by its hash."""
    return seal("csrf", "session:" + id_hash).hex()


def csrf_of_visitor(nonce: str) -> str:
    """Return the form token of a visitor, tied to the nonce in their form cookie."""
    return seal("csrf", "visitor:" + nonce).hex()
