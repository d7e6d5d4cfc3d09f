"""Asking a provider who somebody is: authorization code with PKCE, then a checked ID token.

Authlib makes the requests, joserfc checks signatures. What comes back is believed only when its
issuer, audience, nonce, times and signature are the expected ones. Nothing here opens a
transaction: the provider may take seconds.
"""

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from requests.adapters import HTTPAdapter

from portal.gateways.providers import Provider

SECONDS = 10.0
LARGEST_ANSWER = 256 * 1024
_LEEWAY = 60
_KEYS_LIVE = 3600.0
_KEYS_REST = 60.0  # an unknown key id asks again, but not more often than this
# Signatures with a public key alone: with HS256 the client secret would sign, with none nobody.
ALGORITHMS = ("RS256", "ES256", "PS256", "EdDSA")
_FACEBOOK_API = "https://graph.facebook.com"


class ProviderFault(Exception):
    """The provider did not answer, or not as it must; its text is for the log."""


@dataclass(frozen=True)
class Person:
    """Who the provider says it is. The key is (issuer, subject), never the e-mail."""

    issuer: str
    subject: str
    email: str = ""
    first_name: str = ""
    last_name: str = ""


@dataclass(frozen=True)
class Endpoints:
    """Where a provider is asked."""

    authorize: str
    token: str
    keys: str = ""
    profile: str = ""
    issuer: str = ""


class _Bounded(HTTPAdapter):
    """No answer is read beyond a size that no honest one has, nor waited for without end."""

    def send(self, request: requests.PreparedRequest, *_: Any, **given: Any) -> requests.Response:
        given |= {"stream": True, "timeout": SECONDS}
        answer = super().send(request, **given)
        body = answer.raw.read(LARGEST_ANSWER + 1, decode_content=True)
        answer.close()
        if len(body) > LARGEST_ANSWER:
            raise requests.exceptions.ContentDecodingError("the answer is too large")
        answer._content, answer._content_consumed = body, True
        return answer


def _bound(session: requests.Session) -> None:
    session.mount("https://", _Bounded())
    session.mount("http://", _Bounded())
    # Neither a proxy nor a .netrc of this machine has a say.
    session.trust_env = False


def _get(address: str, **query: str) -> dict[str, Any]:
    try:
        with requests.Session() as session:
            _bound(session)
            answer = session.get(address, params=query, allow_redirects=False)
            answer.raise_for_status()
            found = answer.json()
    except (requests.RequestException, ValueError) as lost:
        raise ProviderFault(f"{urlsplit(address).netloc}: {type(lost).__name__}") from lost
    if not isinstance(found, dict):
        raise ProviderFault(f"{urlsplit(address).netloc}: no JSON object")
    return found


class _Kept:
    """What a provider publishes (addresses, keys), asked again when it is old."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._found: dict[str, tuple[float, dict[str, Any]]] = {}

    def get(self, address: str, oldest: float) -> dict[str, Any]:
        with self._lock:
            at, known = self._found.get(address, (0.0, {}))
        if known and time.monotonic() - at < oldest:
            return known
        fresh = _get(address)
        with self._lock:
            self._found[address] = (time.monotonic(), fresh)
        return fresh

    def forget(self) -> None:
        with self._lock:
            self._found.clear()


published = _Kept()


def endpoints(provider: Provider) -> Endpoints:
    """Return where the provider is asked; plain ones publish it. Raises ProviderFault."""
    base = provider.issuer
    if provider.kind == "apple":
        return Endpoints(
            f"{base}/auth/authorize", f"{base}/auth/token", f"{base}/auth/keys", issuer=base
        )
    if provider.kind == "facebook":
        api = _FACEBOOK_API if base == "https://www.facebook.com" else base
        return Endpoints(
            f"{base}/dialog/oauth", f"{api}/oauth/access_token", profile=f"{api}/me", issuer=base
        )
    said = published.get(f"{base}/.well-known/openid-configuration", _KEYS_LIVE)
    try:
        found = Endpoints(
            said["authorization_endpoint"],
            said["token_endpoint"],
            said["jwks_uri"],
            issuer=said["issuer"],
        )
    except KeyError as missing:
        raise ProviderFault(f"{base}: its configuration lacks {missing}") from missing
    # Microsoft's common issuer names no tenant: {tenantid} stands in its place.
    if found.issuer.rstrip("/") != base and "{tenantid}" not in found.issuer:
        raise ProviderFault(f"{base}: calls itself {found.issuer}")
    home = urlsplit(base).scheme
    for address in (found.authorize, found.token, found.keys):
        if urlsplit(address).scheme not in ("https", home):
            raise ProviderFault(f"{base}: {address} is not https")
    return found


def authorize_url(provider: Provider, *, state: str, nonce: str, verifier: str, back: str) -> str:
    """Return the provider's page to send the browser to. Raises ProviderFault."""
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": back,
        "state": state,
        "code_challenge": create_s256_code_challenge(verifier),
        "code_challenge_method": "S256",
    }
    if provider.kind == "facebook":
        asked["scope"] = "public_profile,email"
    elif provider.kind == "apple":
        asked |= {"scope": "name email", "response_mode": "form_post", "nonce": nonce}
    else:
        asked |= {"scope": "openid email profile", "nonce": nonce, "prompt": "select_account"}
    return f"{endpoints(provider).authorize}?{urlencode(asked)}"


def finish(
    provider: Provider, *, code: str, nonce: str, verifier: str, back: str, issuer: str = ""
) -> Person:
    """Exchange the code and return who it stands for. `issuer`: what the answer named (RFC 9207).

    Raises ProviderFault.
    """
    where = endpoints(provider)
    if issuer and issuer.rstrip("/") not in (provider.issuer, where.issuer.rstrip("/")):
        raise ProviderFault(f"{provider.name}: the answer names the issuer {issuer}")
    try:
        with OAuth2Session(
            client_id=provider.client_id,
            client_secret=_secret(provider),
            token_endpoint_auth_method="client_secret_post",
        ) as session:
            _bound(session)
            token = session.fetch_token(
                where.token,
                code=code,
                code_verifier=verifier,
                redirect_uri=back,
                allow_redirects=False,
            )
    except (requests.RequestException, AuthlibBaseError, ValueError) as lost:
        raise ProviderFault(f"{provider.name}: token: {type(lost).__name__}: {lost}") from lost
    if provider.kind == "facebook":
        return _profile(provider, where, str(token.get("access_token", "")))
    return _person(provider, where, token, nonce)


def _secret(provider: Provider) -> str:
    if provider.kind != "apple":
        return provider.client_secret
    now = int(time.time())
    claims = {
        "iss": provider.team_id,
        "iat": now,
        "exp": now + 300,
        "aud": provider.issuer,
        "sub": provider.client_id,
    }
    try:
        key = ECKey.import_key(provider.private_key)
        return jwt.encode({"alg": "ES256", "kid": provider.key_id}, claims, key)
    except (JoseError, ValueError) as wrong:
        raise ProviderFault("apple: OIDC_APPLE_PRIVATE_KEY is no ES256 key in PEM") from wrong


def _person(provider: Provider, where: Endpoints, token: Mapping[str, Any], nonce: str) -> Person:
    claims = _claims(provider, where, str(token.get("id_token", "")))
    expected = where.issuer
    if "{tenantid}" in expected:
        expected = expected.replace("{tenantid}", str(claims.get("tid", "")))
    checked = CodeIDToken(
        claims,
        {},
        options={
            "iss": {"essential": True, "value": expected},
            "aud": {"essential": True, "value": provider.client_id},
            "sub": {"essential": True},
        },
        params={
            "nonce": nonce,
            "client_id": provider.client_id,
            "access_token": token.get("access_token"),
        },
    )
    try:
        checked.validate(leeway=_LEEWAY)
    except (AuthlibBaseError, JoseError, ValueError) as wrong:
        raise ProviderFault(f"{provider.name}: id_token: {wrong}") from wrong
    return Person(
        expected,
        str(claims["sub"])[:255],
        str(claims.get("email") or "")[:254],
        str(claims.get("given_name") or "")[:80],
        str(claims.get("family_name") or "")[:80],
    )


def _claims(provider: Provider, where: Endpoints, token: str) -> dict[str, Any]:
    for oldest in (_KEYS_LIVE, _KEYS_REST):
        keys = published.get(where.keys, oldest)
        try:
            known = KeySet.import_key_set({"keys": keys["keys"]})
            found = jwt.decode(token, known, algorithms=list(ALGORITHMS))
            return dict(found.claims)
        except (JoseError, ValueError, KeyError) as wrong:
            fault = wrong  # the provider may sign with a newer key: ask once more
    raise ProviderFault(f"{provider.name}: id_token: {fault}") from fault


def _profile(provider: Provider, where: Endpoints, access_token: str) -> Person:
    if not access_token:
        raise ProviderFault("facebook: no access token")
    proof = hmac.new(provider.client_secret.encode(), access_token.encode(), hashlib.sha256)
    said = _get(
        where.profile,
        fields="id,first_name,last_name,email",
        access_token=access_token,
        appsecret_proof=proof.hexdigest(),
    )
    if not said.get("id"):
        raise ProviderFault("facebook: no id in the profile")
    return Person(
        where.issuer,
        str(said["id"])[:255],
        str(said.get("email") or "")[:254],
        str(said.get("first_name") or "")[:80],
        str(said.get("last_name") or "")[:80],
    )
