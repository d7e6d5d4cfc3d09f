"""Browsers in plain words, networks without the subscriber."""

import pytest

from portal.domain.identity import devices
from portal.kit.text import speaking

_MOZ = "Mozilla/5.0 "


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (_MOZ + "(Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
         " Chrome/131.0.0.0 Safari/537.36", "Chrome on Windows"),
        (_MOZ + "(Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
         " Chrome/131.0.0.0 Safari/537.36 Edg/131.0", "Edge on Windows"),
        (_MOZ + "(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
         " Version/17.6 Safari/605.1.15", "Safari on Mac"),
        (_MOZ + "(iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
         " Gecko) Version/17.6 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        (_MOZ + "(iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
         " Gecko) CriOS/131.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"),
        (_MOZ + "(Linux; Android 14; SM-S911U) AppleWebKit/537.36 (KHTML, like Gecko)"
         " SamsungBrowser/27.0 Chrome/125.0 Mobile Safari/537.36", "Samsung Internet on Android"),
        (_MOZ + "(X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on Linux"),
        (_MOZ + "(X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko)"
         " Chrome/131.0 Safari/537.36", "Chrome on ChromeOS"),
        ("curl/8.5", "A browser we do not know"),
        ("", "A browser we do not know"),
    ],
)  # fmt: skip
def test_a_browser_in_plain_words(agent: str, said: str) -> None:
    assert devices.named(agent) == said


def test_a_browser_in_spanish() -> None:
    with speaking("es"):
        assert devices.named("Firefox Windows") == "Firefox en Windows"


@pytest.mark.parametrize(
    ("ip", "shown"),
    [
        ("192.0.2.77", "192.0.2.x"),
        ("2001:db8:77:1::9", "2001:0db8:x"),
        ("::ffff:192.0.2.77", "192.0.2.x"),
        ("", ""),
        ("not one", ""),
    ],
)
def test_a_network_without_its_subscriber(ip: str, shown: str) -> None:
    assert devices.short_ip(ip) == shown
