"""Settings from the environment and `.env`, typed, checked once at start."""

import os
import re
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).parent.parent
# A test, or a second portal on one machine, names another file, or none by an empty value.
ENV_FILE = os.environ.get("PORTAL_ENV_FILE", str(ROOT / ".env")) or None
_DEFAULT_PUBLIC_URL = "http://localhost:3000"


class Settings(BaseSettings):
    """What a city's IT person may set; `.env.example` explains each."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE, env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    city: str = Field("pleasanton", alias="PORTAL_CITY")
    city_file: Path | None = Field(None, alias="PORTAL_CITY_FILE")
    data_dir: Path = Field(ROOT / "var", alias="PORTAL_DATA_DIR")
    database_url: str = Field("", alias="PORTAL_DATABASE_URL")
    redis_url: str = Field("", alias="PORTAL_REDIS_URL")
    public_url: str = Field("", alias="PORTAL_PUBLIC_URL")
    secret_key: SecretStr = Field(SecretStr(""), alias="PORTAL_SECRET_KEY")
    payments: Literal["", "demo", "stripe_test", "stripe_live", "off"] = Field(
        "", alias="PORTAL_PAYMENTS"
    )
    stripe_secret_key: SecretStr = Field(SecretStr(""), alias="STRIPE_SECRET_KEY")
    stripe_publishable_key: str = Field("", alias="STRIPE_PUBLISHABLE_KEY")
    stripe_webhook_secret: SecretStr = Field(SecretStr(""), alias="STRIPE_WEBHOOK_SECRET")
    # Where the server listens: the payment stand-in is for this machine only.
    listen_host: str = Field("127.0.0.1", alias="PORTAL_LISTEN_HOST")
    stripe_api_base: str = Field("", alias="STRIPE_API_BASE")
    stripe_js_url: str = Field("https://js.stripe.com/endive/stripe.js", alias="STRIPE_JS_URL")
    smtp_url: str = Field("", alias="SMTP_URL")
    mail_from: str = Field("", alias="MAIL_FROM")
    # How many of our own reverse proxies stand in front; 0 believes no X-Forwarded-For.
    trusted_proxy_hops: int = Field(0, alias="PORTAL_TRUSTED_PROXY_HOPS", ge=0)
    # Set by `portal demo` alone: /demo/mail, the payment stand-in, the TEST MODE banner.
    demo: bool = Field(False, alias="PORTAL_DEMO")


class BadSettings(Exception):
    """The file of settings cannot be read."""


_OIDC = re.compile(
    r"OIDC_([A-Z0-9]+)_(CLIENT_ID|CLIENT_SECRET|ISSUER|LABEL|TEAM_ID|KEY_ID|PRIVATE_KEY)"
)


def oidc_environment() -> dict[str, dict[str, str]]:
    """Return what stands in `OIDC_<NAME>_<KEY>`, by the provider's name in small letters."""
    named: dict[str, str | None] = dict(dotenv_values(ENV_FILE)) if ENV_FILE else {}
    named |= os.environ
    found: dict[str, dict[str, str]] = {}
    for name, value in named.items():
        if value and (match := _OIDC.fullmatch(name)):
            found.setdefault(match[1].lower(), {})[match[2]] = value
    return found


@cache
def settings() -> Settings:
    """Return this process's settings, read once. Raises BadSettings, and pydantic's error."""
    try:
        return Settings()
    except UnicodeDecodeError as error:
        raise BadSettings(f"{ENV_FILE} is not UTF-8 text: save it as such.") from error


def public_url() -> str:
    """Return the address residents use, without a trailing slash."""
    return (settings().public_url or _DEFAULT_PUBLIC_URL).rstrip("/")


def problems(chosen: Settings, *, serving: bool = False) -> list[str]:
    """Return what is wrong with the settings, each with its remedy; `serving` asks for more.

    What payments need is said where the processor is chosen.
    """
    found = []
    key = chosen.secret_key.get_secret_value()
    if key and len(key) < 32:
        found.append(
            "PORTAL_SECRET_KEY is shorter than 32 characters. Make one:"
            " python3 -c 'import secrets; print(secrets.token_hex(32))'"
        )
    address = _address(chosen.public_url)
    if chosen.public_url and not (
        address.scheme in ("http", "https") and address.hostname and not address.path.strip("/")
    ):
        found.append("PORTAL_PUBLIC_URL is the portal's address, such as https://pay.example.gov")
    if chosen.database_url and not _address(chosen.database_url).scheme.startswith("postgresql"):
        found.append("PORTAL_DATABASE_URL is written postgresql://user:password@host/database")
    if chosen.smtp_url and _address(chosen.smtp_url).scheme not in ("smtp", "smtps"):
        found.append("SMTP_URL is written smtp://user:password@host:587 or smtps://host:465")
    at_home = address.hostname in (None, "localhost", "127.0.0.1", "::1")
    if serving and not at_home:
        if address.scheme != "https":
            found.append("PORTAL_PUBLIC_URL has to be https: sign-in cookies travel only so.")
        if not key:
            found.append(
                "PORTAL_SECRET_KEY is missing. Make one and keep it:"
                " python3 -c 'import secrets; print(secrets.token_hex(32))'"
            )
        if chosen.demo:
            found.append("A demo is served to this machine only, not as PORTAL_PUBLIC_URL says.")
    return found


def _address(text: str) -> SplitResult:
    """Return an address in its parts; one that cannot be read has none."""
    try:
        parts = urlsplit(text)
        _ = parts.port  # a word for a port is found here, not by whoever connects
    except ValueError:
        return urlsplit("")
    return parts
