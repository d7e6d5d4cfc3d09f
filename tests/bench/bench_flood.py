"""Other residents' pages while sign-ins are tried 200 times a second, from many networks."""

import asyncio
import multiprocessing
import re
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import httpx
from sqlalchemy import create_engine
from sqlmodel import Session

from portal.config import ROOT
from portal.demo.loopback import free_port
from portal.domain.identity import sessions
from portal.kit.clock import utc_now
from tests import databases, factories
from tests.bench.bench_events import COOKIE, OURS, serving
from tests.browser.raw import RawSocket

ATTEMPTS_A_SECOND = 200
SECONDS = 30
READERS = 8
PAGE = "/utility-billing/accounts"


def _form(address: str) -> tuple[str, str]:
    """Return a stranger's form cookie and token, good for any number of posts."""
    answer = httpx.get(f"{address}/sign-in")
    cookie = answer.headers["set-cookie"].split(";")[0]
    found = re.search(r'name="csrf" value="([^"]+)"', answer.text)
    assert found is not None
    return cookie, found.group(1)


async def _attack(address: str, attempts: int) -> dict[int, int]:
    """Post wrong passwords of ever new addresses from ever new networks; count the answers."""
    cookie, token = _form(address)
    host, port = address.removeprefix("http://").split(":")
    answered: dict[int, int] = {}

    async def one(n: int) -> None:
        body = urlencode(
            {"csrf": token, "email": f"guess{n}@example.org", "password": secrets.token_hex(9)}
        )
        network = f"10.{n // 65536 % 256}.{n // 256 % 256}.{n % 256}"
        try:
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(
                f"POST /sign-in HTTP/1.1\r\nhost: {host}:{port}\r\norigin: {address}\r\n"
                f"cookie: {cookie}\r\nx-forwarded-for: {network}\r\nconnection: close\r\n"
                "content-type: application/x-www-form-urlencoded\r\n"
                f"content-length: {len(body)}\r\n\r\n{body}".encode()
            )
            status = int((await reader.readline()).split()[1])
            await reader.read()
            writer.close()
        except (OSError, IndexError):
            status = 0
        answered[status] = answered.get(status, 0) + 1

    began, tasks = time.monotonic(), []
    for n in range(attempts):
        await asyncio.sleep(max(0.0, began + n / ATTEMPTS_A_SECOND - time.monotonic()))
        tasks.append(asyncio.create_task(one(n)))
    _, late = await asyncio.wait(tasks, timeout=10)
    answered[-1] = len(late)
    return answered


def _attacker(address: str, into: "multiprocessing.Queue[dict[int, int]]") -> None:
    into.put(asyncio.run(_attack(address, ATTEMPTS_A_SECOND * SECONDS)))


def _watch(address: str, cookies: list[str], seconds: float) -> tuple[list[float], list[float]]:
    """Return the milliseconds of residents' page loads and of their events meanwhile."""
    loads, events = [], []
    sockets = [RawSocket(address, cookie=cookie) for cookie in cookies]
    until, n = time.monotonic() + seconds, 0
    with httpx.Client(base_url=address) as client:
        while time.monotonic() < until:
            which, n = n % len(cookies), n + 1
            began = time.perf_counter()
            client.get(PAGE, headers={"cookie": cookies[which]}).raise_for_status()
            loads.append((time.perf_counter() - began) * 1000)
            began = time.perf_counter()
            sockets[which].send(OURS, path=PAGE)
            sockets[which]._next("42/_event")
            events.append((time.perf_counter() - began) * 1000)
            sockets[which].heard(0.1)
    for one in sockets:
        one.close()
    return loads, events


def _figures(case: str, what: str, found: list[float]) -> dict[str, object]:
    cuts = statistics.quantiles(found, n=20)
    return {
        "case": case,
        "what": what,
        "n": len(found),
        "p50_ms": round(statistics.median(found), 1),
        "p95_ms": round(cuts[18], 1),
        "max_ms": round(max(found), 1),
    }


def run() -> Iterator[dict[str, object]]:
    """Yield the figures in quiet and in the flood, and what the flood was answered."""
    with databases.fresh_url() as url, tempfile.TemporaryDirectory() as data:
        engine = create_engine(url)
        with Session(engine, expire_on_commit=False) as session, session.begin():
            cookies = []
            for _ in range(READERS):
                resident, _, _ = factories.household(session)
                secret = sessions.create(session, resident, False, "192.0.2.1", "b", utc_now())
                cookies.append(f"{COOKIE}={secret}")
        engine.dispose()
        port = free_port()
        with serving(
            [sys.executable, "-m", "portal.serve", str(port)],
            ROOT,
            port,
            PORTAL_DATABASE_URL=url,
            PORTAL_DATA_DIR=data,
            PORTAL_PUBLIC_URL=f"http://localhost:{port}",
            PORTAL_TRUSTED_PROXY_HOPS="1",
            PORTAL_ENV_FILE="",
            PORTAL_DEMO="1",
        ) as address:
            for what, found in zip(("page", "event"), _watch(address, cookies, 8), strict=True):
                yield _figures("quiet", what, found)
            answers: multiprocessing.Queue[dict[int, int]] = multiprocessing.Queue()
            attacker = multiprocessing.Process(target=_attacker, args=(address, answers))
            attacker.start()
            watched = _watch(address, cookies, SECONDS)
            answered = answers.get(timeout=60)
            attacker.join()
    for what, found in zip(("page", "event"), watched, strict=True):
        yield _figures("flood", what, found)
    yield {"case": "flood", "attempts": ATTEMPTS_A_SECOND * SECONDS, "answered": answered}
