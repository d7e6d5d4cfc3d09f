"""The first page: its weight as it travels (brotli), and first paint on a throttled 4G profile."""

import sys
import tempfile
from collections.abc import Iterator

from playwright.sync_api import sync_playwright

from portal.config import ROOT
from portal.demo.loopback import free_port
from tests import databases
from tests.bench.bench_events import serving
from tests.browser.checks import CHROMIUM

# 1.6 Mbit/s, 150 ms round trip, 4 times slower processor: the "slow 4G" of the browsers' tools.
_BYTES_PER_SECOND = 1_600_000 // 8
_ROUND_TRIP_MS = 150
_SLOWER = 4
_PAINT = (
    "() => performance.getEntriesByType('paint')"
    ".find(e => e.name === 'first-contentful-paint')?.startTime"
)


def run() -> Iterator[dict[str, object]]:
    """Yield the weight and first paint of home and sign-in, with an empty cache each."""
    with databases.fresh_url() as url, tempfile.TemporaryDirectory() as data:
        port = free_port()
        with serving(
            [sys.executable, "-m", "portal.serve", str(port)],
            ROOT,
            port,
            PORTAL_DATABASE_URL=url,
            PORTAL_DATA_DIR=data,
            PORTAL_PUBLIC_URL=f"http://localhost:{port}",
            PORTAL_ENV_FILE="",
            PORTAL_DEMO="1",
        ) as address:
            for path in ("/", "/sign-in"):
                yield {"case": path, **_visit(address + path)}


def _visit(address: str) -> dict[str, object]:
    weights: dict[str, float] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(bypass_csp=True)
        page = context.new_page()
        tools = context.new_cdp_session(page)
        kinds: dict[str, str] = {}
        tools.send("Network.enable")
        tools.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": _ROUND_TRIP_MS,
                "downloadThroughput": _BYTES_PER_SECOND,
                "uploadThroughput": _BYTES_PER_SECOND,
            },
        )
        tools.send("Emulation.setCPUThrottlingRate", {"rate": _SLOWER})
        tools.on("Network.responseReceived", lambda e: kinds.update({e["requestId"]: e["type"]}))

        def finished(event: dict[str, object]) -> None:
            kind = kinds.get(str(event["requestId"]), "Other")
            weights[kind] = weights.get(kind, 0) + float(str(event["encodedDataLength"]))

        tools.on("Network.loadingFinished", finished)
        page.goto(address, wait_until="load", timeout=120_000)
        page.wait_for_timeout(3000)
        paint = page.evaluate(_PAINT)
        browser.close()
    return {
        "script_kb": round(weights.get("Script", 0) / 1000, 1),
        "css_kb": round(weights.get("Stylesheet", 0) / 1000, 1),
        "html_kb": round(weights.get("Document", 0) / 1000, 1),
        "font_kb": round(weights.get("Font", 0) / 1000, 1),
        "first_paint_ms": round(paint) if paint else None,
    }
