"""The demo's identity provider over HTTP, on loopback only: `python -m portal.demo.oidc.server`."""

import hashlib
import hmac
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from portal.demo.loopback import LOOPBACK, ONLY_HERE, free_port, port_of, run, serve
from portal.demo.oidc.issuer import PARTS, Issuer, Refused

_BASE, _SECRET, _APPLE_KEY = "OIDC_DEMO_BASE", "OIDC_DEMO_SECRET", "OIDC_APPLE_PRIVATE_KEY"
_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "pages"), autoescape=True, trim_blocks=True
)
_LABELS = {"google": "Google", "apple": "Apple", "microsoft": "Microsoft", "facebook": "Facebook"}


def environment_for() -> dict[str, str]:
    """Return the settings by which a demo portal and its provider meet."""
    base, secret = f"http://{LOOPBACK}:{free_port()}", os.urandom(24).hex()
    key = ECKey.generate_key("P-256").as_pem(private=True).decode()
    found = {_BASE: base, _SECRET: secret}
    for part in PARTS:
        found |= {
            f"OIDC_{part.upper()}_ISSUER": f"{base}/{part}",
            f"OIDC_{part.upper()}_CLIENT_ID": f"portal-at-{part}",
            f"OIDC_{part.upper()}_CLIENT_SECRET": secret,
        }
    return found | {
        "OIDC_APPLE_TEAM_ID": "DEMOTEAM01",
        "OIDC_APPLE_KEY_ID": "DEMOKEY001",
        _APPLE_KEY: key.replace("\n", "\\n"),
    }


def issuer_of(environment: Mapping[str, str]) -> Issuer:
    """Return the provider that these settings describe."""
    pem = environment[_APPLE_KEY].replace("\\n", "\n")
    return Issuer(environment[_BASE], environment[_SECRET], ECKey.import_key(pem))


def application(issuer: Issuer) -> Starlette:
    """Return the ASGI app of a provider."""

    async def configuration(request: Request) -> Response:
        return JSONResponse(issuer.configuration(request.path_params["part"]))

    async def keys(request: Request) -> Response:
        return JSONResponse(issuer.keys())

    async def authorize(request: Request) -> Response:
        part, asked = _part(request), dict(request.query_params)
        try:
            issuer.check(part, asked)
        except Refused as error:
            return _page("refused.html", 400, part=part, error=str(error))
        if request.method == "GET":
            return _page("consent.html", part=part)
        form = await request.form()
        if form.get("act") == "cancel":
            return _answer(part, asked, {"error": "access_denied"})
        person = {
            name: str(form.get(name, ""))[:200] for name in ("email", "first_name", "last_name")
        }
        answer = {"code": issuer.grant(part, asked, person)}
        if part == "google":
            answer["iss"] = issuer.address(part)
        return _answer(part, asked, answer, person)

    async def token(request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        try:
            return JSONResponse(issuer.exchange(_part(request), form))
        except Refused as error:
            return JSONResponse({"error": str(error)}, 400)

    async def profile(request: Request) -> Response:
        query = request.query_params
        access = query.get("access_token", "")
        proof = hmac.new(issuer.client_secret.encode(), access.encode(), hashlib.sha256)
        try:
            if not hmac.compare_digest(proof.hexdigest(), query.get("appsecret_proof", "")):
                raise Refused("invalid_proof")
            return JSONResponse(issuer.profile(access))
        except Refused as error:
            return JSONResponse({"error": str(error)}, 400)

    both = ["GET", "POST"]
    plain = "{part:str}"
    return Starlette(
        routes=[
            Route("/apple/auth/authorize", authorize, methods=both),
            Route("/apple/auth/token", token, methods=["POST"]),
            Route("/apple/auth/keys", keys),
            Route("/facebook/dialog/oauth", authorize, methods=both),
            Route("/facebook/oauth/access_token", token, methods=["POST"]),
            Route("/facebook/me", profile),
            Route(f"/{plain}/.well-known/openid-configuration", configuration),
            Route(f"/{plain}/authorize", authorize, methods=both),
            Route(f"/{plain}/token", token, methods=["POST"]),
            Route(f"/{plain}/keys", keys),
        ],
        middleware=[ONLY_HERE],
    )


def _part(request: Request) -> str:
    return request.url.path.split("/")[1]


def _page(name: str, status: int = 200, **shown: Any) -> Response:
    shown["label"] = _LABELS.get(shown["part"], shown["part"])
    html = _PAGES.get_template(name).render(**shown)
    return HTMLResponse(html, status, {"cache-control": "no-store"})


def _answer(
    part: str, asked: Mapping[str, str], answer: Mapping[str, str], person: Mapping[str, str] = {}
) -> Response:
    said = {**answer, "state": asked["state"]}
    if part != "apple":
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(said)}", 303)
    if person:
        names = {"firstName": person["first_name"], "lastName": person["last_name"]}
        said["user"] = _json({"name": names, "email": person["email"]})
    return _page("posting.html", part=part, back=asked["redirect_uri"], said=said)


def _json(value: Any) -> str:
    return JSONResponse(value).body.decode()  # type: ignore[union-attr]


def main() -> None:
    """Serve what OIDC_DEMO_BASE names, until SIGTERM."""
    port = port_of(os.environ[_BASE])
    run(serve(application(issuer_of(os.environ)), port))


if __name__ == "__main__":
    main()
