"""Who else may say that somebody is themselves: the configured OpenID Connect providers.

Google, Microsoft and any issuer are plain OpenID Connect. Apple has no client secret but one we
sign for each call, and posts its answer. Facebook is OAuth 2 with a profile to fetch.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal
from urllib.parse import urlsplit

from portal.config import oidc_environment

_KNOWN = {
    "google": ("Google", "https://accounts.google.com"),
    "apple": ("Apple", "https://appleid.apple.com"),
    "microsoft": ("Microsoft", "https://login.microsoftonline.com/common/v2.0"),
    "facebook": ("Facebook", "https://www.facebook.com"),
}
_NAME = re.compile(r"[a-z][a-z0-9]{1,30}")
_APPLE_NEEDS = ("TEAM_ID", "KEY_ID", "PRIVATE_KEY")


@dataclass(frozen=True)
class Provider:
    """A provider as the environment names it. `kind` says how it differs from plain OIDC."""

    name: str
    label: str
    kind: Literal["oidc", "apple", "facebook"]
    issuer: str
    client_id: str
    client_secret: str = ""
    team_id: str = ""
    key_id: str = ""
    private_key: str = ""

    @property
    def origin(self) -> str:
        """Return the origin of the issuer."""
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}"


def read(environment: Mapping[str, Mapping[str, str]]) -> tuple[tuple[Provider, ...], list[str]]:
    """Return the providers that the settings name, in the guides' order, and what is wrong.

    `environment`: what stands behind `OIDC_<NAME>_`, by name in small letters.
    """
    found, wrong = [], []
    order = [*_KNOWN, *sorted(set(environment) - set(_KNOWN))]
    for name in (name for name in order if name in environment):
        given = environment[name]
        faults = _faults(name, given)
        wrong += faults
        if faults:
            continue
        label, issuer = _KNOWN.get(name, (name.capitalize(), ""))
        found.append(
            Provider(
                name=name,
                label=given.get("LABEL") or label,
                kind="apple" if name == "apple" else "facebook" if name == "facebook" else "oidc",
                issuer=(given.get("ISSUER") or issuer).rstrip("/"),
                client_id=given["CLIENT_ID"],
                client_secret=given.get("CLIENT_SECRET", ""),
                team_id=given.get("TEAM_ID", ""),
                key_id=given.get("KEY_ID", ""),
                # One line in .env: \n for its line breaks.
                private_key=given.get("PRIVATE_KEY", "").replace("\\n", "\n"),
            )
        )
    return tuple(found), wrong


def _faults(name: str, given: Mapping[str, str]) -> list[str]:
    prefix = f"OIDC_{name.upper()}_"
    if not _NAME.fullmatch(name):
        return [f"{prefix}...: a provider's name is letters and digits, such as OIDC_COUNTY_ISSUER"]
    needed = ["CLIENT_ID", *(_APPLE_NEEDS if name == "apple" else ("CLIENT_SECRET",))]
    if name not in _KNOWN:
        needed.append("ISSUER")
    faults = [f"{prefix}{key} is missing" for key in needed if not given.get(key)]
    issuer = urlsplit(given.get("ISSUER", ""))
    at_home = issuer.hostname in ("127.0.0.1", "localhost", "::1")
    if given.get("ISSUER") and not (issuer.scheme == "https" or at_home):
        faults.append(f"{prefix}ISSUER is an https address")
    return faults


@cache
def providers() -> tuple[Provider, ...]:
    """Return the providers of this portal; one whose settings are incomplete is left out."""
    return read(oidc_environment())[0]


def provider(name: object) -> Provider | None:
    """Return the provider called `name`, a claim, or None."""
    return next((one for one in providers() if one.name == name), None)
