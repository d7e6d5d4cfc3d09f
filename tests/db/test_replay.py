"""Every code and token: once it works; again, too late, as another or altered it does not."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from tests.providers import issuer
from tests.tokens import KINDS, NOW, Kind, World

__all__ = ["issuer"]


@pytest.fixture
def world(db: Session, request: pytest.FixtureRequest) -> World:
    return World(db, request.getfixturevalue)


def altered(secret: str) -> list[str]:
    """Return the secret with its first, its middle and its last letter changed, one at a time.

    Each becomes one that differs in its upper bits: the last letter of base64 has lower ones
    that stand for nothing.
    """

    def another(letter: str) -> str:
        if letter.isdigit():
            return str((int(letter) + 5) % 10)
        first, second = "bc" if letter.islower() else "AQ"
        return second if letter == first else first

    places = [i for i in (0, len(secret) // 2, len(secret) - 1) if secret[i].isalnum()]
    return [secret[:i] + another(secret[i]) + secret[i + 1 :] for i in places]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_it_works_once_in_time_for_its_owner_as_it_was_given(world: World, kind: Kind) -> None:
    token = kind.make(world)
    before = token.effects()

    def wrong(secret: str, *, late: bool = False, other: bool = False) -> str:
        spoilt = kind.make(world) if kind.spoilt else token
        at = NOW + kind.life if late and kind.life else NOW
        secret = altered(spoilt.secret)[0] if kind.spoilt and not other else secret
        words = spoilt.use(spoilt.secret if other else secret, at, other=other)
        assert words, "it was taken"
        assert spoilt.effects() == before
        return words

    changed = {wrong(secret) for secret in altered(token.secret)}
    assert len(changed) == 1
    said = set(changed)
    if kind.other:
        said.add(wrong(token.secret, other=True))
    if kind.life:
        said.add(wrong(token.secret, late=True))
    # None of that has used it up: to its last second it works.
    last = NOW + kind.life - timedelta(seconds=1) if kind.life else NOW
    assert token.use(token.secret, last) == ""
    done = token.effects()
    again = {token.use(token.secret, last) for _ in range(2)}
    assert token.effects() == done
    if kind.again:
        assert again == {""}
    else:
        assert done == before + 1
        assert len(again) == 1
        assert again != {""}
        said |= again
    if kind.one_sentence:
        assert len(said) == 1


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_does_not_end_or_is_anybodys_has_a_reason(kind: Kind) -> None:
    assert kind.life or kind.lasts
    assert kind.covers
