"""The portal's own secret: set by the city, or made once and kept beside the data."""

import base64
import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from functools import cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from portal.config import settings

_SHORTEST = 32
_CONCEALED = "~"


@cache
def _root() -> bytes:
    given = settings().secret_key.get_secret_value()
    if given:
        return given.encode()
    path = settings().data_dir / "secret.key"
    if not path.exists():
        _make(path)
    key = path.read_bytes()
    if len(key) < _SHORTEST:
        raise OSError(f"{path} holds no key. Remove it: a new one signs everybody out.")
    return key


def _make(path: Path) -> None:
    # Written beside and then linked: of processes that start at once the first one's key stands,
    # and none of them reads a file that another has only begun.
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        with suppress(FileExistsError):
            os.link(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def seal(purpose: str, text: str) -> bytes:
    """Return the 32-byte HMAC-SHA-256 of `text`, under a key of its own for each purpose."""
    key = hmac.digest(_root(), purpose.encode(), hashlib.sha256)
    return hmac.digest(key, text.encode(), hashlib.sha256)


def conceal(words: str) -> str:
    """Return searched words as they may stand in an address: account numbers are among them.

    The same words give the same address, so that it can be kept and gone back to. "" stays "".
    """
    if not words:
        return ""
    sealed = AESSIV(seal("searched words", "")).encrypt(words.encode(errors="replace"), None)
    return _CONCEALED + base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def reveal(claim: str) -> str:
    """Return the words of `conceal`; what was typed into the address by hand as it is."""
    if not claim.startswith(_CONCEALED):
        return claim
    try:
        sealed = base64.urlsafe_b64decode(claim.removeprefix(_CONCEALED) + "===")
        return AESSIV(seal("searched words", "")).decrypt(sealed, None).decode()
    except (ValueError, InvalidTag):
        return ""


@cache
def box(purpose: str) -> Fernet:
    """Return what encrypts under the portal's secret, with a key of its own for each purpose."""
    return Fernet(base64.urlsafe_b64encode(seal(purpose, "")))


def csrf_of_session(id_hash: str) -> str:
    """Return the form token of a signed-in session, known by its hash."""
    return seal("csrf", "session:" + id_hash).hex()


def csrf_of_visitor(nonce: str) -> str:
    """Return the form token of a visitor, tied to the nonce in their form cookie."""
    return seal("csrf", "visitor:" + nonce).hex()
