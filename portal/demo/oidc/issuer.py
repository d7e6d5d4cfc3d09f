"""What the demo's provider knows and signs: clients, codes that work once, tokens.

Each part keeps the ways of its model: Apple wants a client secret signed with the city's key and
posts its answer, Facebook gives an access token for a profile, Microsoft names a tenant.
"""

import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

PARTS = ("google", "apple", "microsoft", "facebook")
TENANT = "6babcaad-604b-40ac-a9d7-9fd97c0b779f"
_CODE_LIVES = 60


class Refused(Exception):
    """The request is one that the real provider would refuse; the text is OAuth's error word."""


@dataclass
class Grant:
    """One consent: what the code stands for until it is used."""

    part: str
    client_id: str
    back: str
    challenge: str
    nonce: str
    person: Mapping[str, str]
    at: float


@dataclass
class Issuer:
    """The four parts under one address. `changes` lets a test sign what an attacker would."""

    base: str
    client_secret: str
    apple_key: ECKey
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "demo-1"}))
    grants: dict[str, Grant] = field(default_factory=dict)
    tokens: dict[str, Grant] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)

    def address(self, part: str) -> str:
        """Return a part's issuer."""
        return f"{self.base}/{part}"

    def configuration(self, part: str) -> dict[str, Any]:
        """Return what the part publishes (OpenID Connect Discovery)."""
        base = self.address(part)
        return {
            "issuer": f"{base}/{{tenantid}}/v2.0" if part == "microsoft" else base,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def keys(self) -> dict[str, Any]:
        """Return the public keys."""
        return {"keys": [self.key.as_dict(private=False, use="sig", alg="RS256")]}

    def client_id(self, part: str) -> str:
        """Return the id under which the portal is known to a part."""
        return f"portal-at-{part}"

    def check(self, part: str, asked: Mapping[str, str]) -> None:
        """Look at an authorization request before anybody is asked. Raises Refused."""
        if asked.get("client_id") != self.client_id(part) or not asked.get("redirect_uri"):
            raise Refused("unauthorized_client")
        if asked.get("response_type") != "code" or not asked.get("state"):
            raise Refused("invalid_request")
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            raise Refused("invalid_request")
        if part == "apple" and asked.get("response_mode") != "form_post":
            raise Refused("invalid_request")
        if part != "facebook" and not asked.get("nonce"):
            raise Refused("invalid_request")

    def grant(self, part: str, asked: Mapping[str, str], person: Mapping[str, str]) -> str:
        """Return a code for the person who consented. Raises Refused."""
        self.check(part, asked)
        code = secrets.token_urlsafe(24)
        self.grants[code] = Grant(
            part,
            asked["client_id"],
            asked["redirect_uri"],
            asked["code_challenge"],
            asked.get("nonce", ""),
            dict(person),
            time.time(),
        )
        return code

    def exchange(self, part: str, form: Mapping[str, str]) -> dict[str, Any]:
        """Return the tokens that a code stands for, once. Raises Refused."""
        grant = self.grants.pop(form.get("code", ""), None)
        if form.get("client_id") != self.client_id(part) or not self._is_client(part, form):
            raise Refused("invalid_client")
        if grant is None or grant.part != part or time.time() - grant.at > _CODE_LIVES:
            raise Refused("invalid_grant")
        verifier = form.get("code_verifier", "")
        if form.get("redirect_uri") != grant.back or not verifier:
            raise Refused("invalid_grant")
        if create_s256_code_challenge(verifier) != grant.challenge:
            raise Refused("invalid_grant")
        access = secrets.token_urlsafe(24)
        self.tokens[access] = grant
        answer: dict[str, Any] = {"access_token": access, "token_type": "Bearer", "expires_in": 60}
        if part != "facebook":
            answer["id_token"] = self._id_token(grant)
        return answer

    def _is_client(self, part: str, form: Mapping[str, str]) -> bool:
        given = form.get("client_secret", "")
        if part != "apple":
            return secrets.compare_digest(given, self.client_secret)
        try:
            claims = jwt.decode(given, self.apple_key, algorithms=["ES256"]).claims
        except (JoseError, ValueError):
            return False
        return (
            claims.get("aud") == self.address("apple")
            and claims.get("sub") == self.client_id("apple")
            and int(claims.get("exp", 0)) > time.time()
        )

    def _id_token(self, grant: Grant) -> str:
        issuer, now = self.address(grant.part), int(time.time())
        claims: dict[str, Any] = {
            "iss": f"{issuer}/{TENANT}/v2.0" if grant.part == "microsoft" else issuer,
            "sub": subject(grant.part, grant.person),
            "aud": grant.client_id,
            "iat": now,
            "exp": now + 300,
            "nonce": grant.nonce,
        }
        if grant.part == "microsoft":
            claims["tid"] = TENANT
        if grant.person.get("email"):
            claims |= {"email": grant.person["email"], "email_verified": True}
        if grant.part != "apple":
            claims |= {
                "given_name": grant.person.get("first_name", ""),
                "family_name": grant.person.get("last_name", ""),
            }
        claims |= self.changes
        return jwt.encode({"alg": "RS256", "kid": "demo-1"}, claims, self.key)

    def profile(self, access: str) -> dict[str, str]:
        """Return the profile of an access token (Facebook). Raises Refused."""
        grant = self.tokens.get(access)
        if grant is None or grant.part != "facebook":
            raise Refused("invalid_token")
        kept = {k: v for k, v in grant.person.items() if v}
        return {"id": subject("facebook", grant.person), **kept}


def subject(part: str, person: Mapping[str, str]) -> str:
    """Return what a part calls a person: the same each time, and nothing like their address."""
    named = person.get("email") or f"{person.get('first_name')} {person.get('last_name')}"
    return hashlib.sha256(f"{part}:{named.lower()}".encode()).hexdigest()[:32]
