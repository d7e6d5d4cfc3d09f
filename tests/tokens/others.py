"""The way to another provider and back."""

import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from sqlmodel import select

from portal.domain.identity import limits, social
from portal.gateways import oidc, providers
from portal.models.outbox import Mail
from tests.providers import consent
from tests.tokens.kinds import HERE, NOW, VISITOR, Token, World, kind, refused


def _google() -> providers.Provider:
    found, wrong = providers.read({"google": {"CLIENT_ID": "us", "CLIENT_SECRET": "s"}})
    assert not wrong
    (google,) = found
    return google


PERSON = oidc.Person("https://accounts.google.com", "1", "robin@example.net", "Robin", "Field")


@kind("provider_flow.state_hash", "provider_flow.browser_hash", life=limits.PROVIDER_FLOW_LIFE,
      one_sentence=True, other="another browser")  # fmt: skip
def provider_state(world: World) -> Token:
    start = social.begin(world.db, VISITOR, _google(), "mine", "/", NOW)
    taken: list[social.Flow] = []

    def use(secret: str, at: datetime = NOW, *, other: bool = False) -> str:
        browser = "theirs" if other else "mine"
        return refused(
            world.db,
            lambda: taken.append(social.take(world.db, "google", secret, browser, at)),
        )

    return Token(start.state, use, lambda: len(taken))


@kind("provider_flow.code_hash", "seal:provider-code", life=limits.PROVIDER_CONFIRM_LIFE,
      other="another browser on its way to the same address")  # fmt: skip
def provider_join_code(world: World) -> Token:
    db = world.db

    def flow(browser: str) -> str:
        start = social.begin(db, VISITOR, _google(), browser, "/", NOW)
        row = social.take(db, "google", start.state, browser, NOW)
        social.conclude(db, VISITOR, row, PERSON, HERE, NOW)
        return re.findall(r"\b\d{6}\b", world.mailed("provider_code")[-1])[0]

    code = flow("mine")
    # The clock of the mails is the transaction's: whichever came last, the codes have to differ.
    db.exec(select(Mail)).one().kind = "provider_code_of_mine"
    if flow("theirs") == code:
        return provider_join_code(world)  # one in a million

    def use(secret: str, at: datetime = NOW, *, other: bool = False) -> str:
        db = world.db

        def act() -> None:
            found = social.waiting(db, "theirs" if other else "mine", at)
            if found is None:
                # The page leads to the sign-in, where the way begins.
                raise social.BadFlow("start again")
            social.confirm_by_code(db, found, secret, HERE, at)

        return refused(db, act)

    return Token(code, use, lambda: world.acts("session.sign_in"))


def _answer(world: World) -> tuple[str, str, str, Callable[..., object]]:
    """Consent at the provider that really answers; return code, nonce, verifier and `finish`."""
    world.ask("issuer")
    oidc.published.forget()
    google = providers.provider("google")
    assert google is not None
    back = "http://localhost:3000/auth/back/google"
    nonce, verifier = "n" * 43, "v" * 43
    asked = oidc.authorize_url(google, state="s" * 43, nonce=nonce, verifier=verifier, back=back)
    where, _ = consent(asked)

    def finish(code: str, nonce: str, verifier: str) -> None:
        oidc.finish(google, code=code, nonce=nonce, verifier=verifier, back=back)

    return parse_qs(urlsplit(where).query)["code"][0], nonce, verifier, finish


def _provider_fault(act: Callable[[], object]) -> str:
    try:
        act()
    except oidc.ProviderFault:
        return "the provider did not confirm who you are"
    return ""


@kind("provider_flow.code", "provider_flow.verifier", one_sentence=True, spoilt=True,
      other="a browser with another PKCE verifier",
      lasts="the provider ends it; ours is the flow, above",
      raced="the provider answers it, and no database of ours")  # fmt: skip
def authorization_code(world: World) -> Token:
    code, nonce, verifier, finish = _answer(world)
    done: list[str] = []

    def use(secret: str, at: datetime = NOW, *, other: bool = False) -> str:
        words = _provider_fault(lambda: finish(secret, nonce, "w" * 43 if other else verifier))
        done.extend([] if words else [secret])
        return words

    return Token(code, use, lambda: len(done))


@kind("provider_flow.nonce", one_sentence=True, spoilt=True,
      lasts="it ends with its flow, above",
      raced="the provider answers it, and no database of ours")  # fmt: skip
def provider_nonce(world: World) -> Token:
    code, nonce, verifier, finish = _answer(world)
    done: list[str] = []

    def use(secret: str, at: datetime = NOW, *, other: bool = False) -> str:
        words = _provider_fault(lambda: finish(code, secret, verifier))
        done.extend([] if words else [secret])
        return words

    return Token(nonce, use, lambda: len(done))
