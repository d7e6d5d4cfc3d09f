"""Every code and token the portal gives out, one function a kind: how one is made and used.

`tests/db/test_replay.py` tries each kind again, too late, as somebody else and with one letter
changed. `tests/architecture/test_tokens.py` sees to it that no column, mail or seal is missing.
"""

from tests.tokens import factors, mailed, others, ties
from tests.tokens.kinds import KINDS, NOW, Kind, Token, World

__all__ = ["KINDS", "NOW", "Kind", "Token", "World", "factors", "mailed", "others", "ties"]
