"""Live never by accident: which settings pay through what, and which refuse to start."""

from typing import Any

import pytest

from portal.config import Settings
from portal.domain.payments.card_page import policy
from portal.gateways.payment_mode import Misconfigured, choose, open_counter

LIVE = {
    "PORTAL_PAYMENTS": "stripe_live",
    "STRIPE_SECRET_KEY": "sk_live_abc",
    "STRIPE_PUBLISHABLE_KEY": "pk_live_abc",
    "STRIPE_WEBHOOK_SECRET": "whsec_0123456789abcdef",
    "PORTAL_PUBLIC_URL": "https://pay.example.gov",
    "PORTAL_LISTEN_HOST": "0.0.0.0",
}
TEST = {
    "PORTAL_PAYMENTS": "stripe_test",
    "STRIPE_SECRET_KEY": "sk_test_abc",
    "STRIPE_PUBLISHABLE_KEY": "pk_test_abc",
}
STANDIN = {"STRIPE_API_BASE": "http://127.0.0.1:9"}


def _given(**values: str) -> Settings:
    made: Any = Settings(_env_file=None, **values)  # type: ignore[call-arg,arg-type]
    return made  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({}, "off"),
        (STANDIN, "demo"),
        ({**STANDIN, "PORTAL_PAYMENTS": "demo"}, "demo"),
        ({**STANDIN, "PORTAL_LISTEN_HOST": "0.0.0.0"}, "off"),
        ({**STANDIN, "PORTAL_PUBLIC_URL": "https://pay.example.gov"}, "off"),
        ({"STRIPE_SECRET_KEY": "sk_live_abc"}, "off"),
        ({"PORTAL_PAYMENTS": "off", **STANDIN}, "off"),
        (TEST, "stripe_test"),
        (LIVE, "stripe_live"),
    ],
)
def test_the_mode_is_what_the_settings_say(values: dict[str, str], name: str) -> None:
    assert choose(_given(**values)).name == name


@pytest.mark.parametrize(
    "values",
    [
        {**LIVE, "STRIPE_WEBHOOK_SECRET": ""},
        {**LIVE, "STRIPE_SECRET_KEY": "sk_test_abc"},
        {**LIVE, "STRIPE_PUBLISHABLE_KEY": "pk_test_abc"},
        {**LIVE, "PORTAL_PUBLIC_URL": "http://pay.example.gov"},
        {**LIVE, **STANDIN},
        {**LIVE, "PORTAL_DEMO": "1"},
        {**TEST, "STRIPE_SECRET_KEY": "sk_live_abc"},
        {"PORTAL_PAYMENTS": "demo", "STRIPE_SECRET_KEY": "sk_test_abc"},
        {**STANDIN, "PORTAL_PAYMENTS": "demo", "PORTAL_LISTEN_HOST": "0.0.0.0"},
        {"PORTAL_PAYMENTS": "demo", "STRIPE_API_BASE": "http://192.0.2.1:9"},
    ],
)
def test_settings_that_contradict_each_other_refuse_to_start(values: dict[str, str]) -> None:
    with pytest.raises(Misconfigured):
        choose(_given(**values))


def test_the_card_page_lets_in_what_the_processor_needs_and_nobody_else() -> None:
    rules = dict(rule.split(" ", 1) for rule in policy(open_counter(_given(**LIVE))).split("; "))
    assert rules["script-src"] == "'self' https://*.js.stripe.com https://js.stripe.com"
    assert rules["connect-src"] == "'self' https://api.stripe.com"
    assert rules["frame-src"].split()[-1] == "https://hooks.stripe.com"
    rules = dict(rule.split(" ", 1) for rule in policy(open_counter(_given())).split("; "))
    assert (rules["script-src"], rules["frame-src"]) == ("'self'", "'none'")
