"""What States leave in Redis is sealed under the portal's key: unreadable there, and no forgery.

The framework keeps pickled States, with what a page shows in them: names, addresses, numbers. And
whoever can write a pickle runs code in who reads it. So Redis, its disk and its network get
ciphertext, and what was not sealed here is taken for a State that is gone.
"""

from typing import Any, BinaryIO

from cryptography.fernet import InvalidToken
from reflex.state import BaseState
from reflex_base.utils.exceptions import StateSchemaMismatchError

from portal import secret

_serialize = BaseState._serialize
_deserialize = BaseState._deserialize.__func__  # type: ignore[attr-defined]


def _seal(self: BaseState) -> bytes:
    return secret.box("state in redis").encrypt(_serialize(self))


def _open(cls: type[BaseState], data: bytes | None = None, fp: BinaryIO | None = None) -> BaseState:
    try:
        pickled = secret.box("state in redis").decrypt(data if data is not None else fp.read())  # type: ignore[union-attr]
    except InvalidToken:
        # Which leads the framework to begin a blank State, as after an update of ours.
        raise StateSchemaMismatchError from None
    found: Any = _deserialize(cls, pickled)
    return found  # type: ignore[no-any-return]


def install() -> None:
    """Seal every State that the framework stores."""
    BaseState._serialize = _seal  # type: ignore[method-assign]
    BaseState._deserialize = classmethod(_open)  # type: ignore[method-assign, assignment]
