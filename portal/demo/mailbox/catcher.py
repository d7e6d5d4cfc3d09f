"""A real SMTP server on loopback that keeps every message as a file."""

import asyncio
import os
import socket
import threading
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession

_LARGEST = 2_000_000


def folder(data_dir: Path, city: str) -> Path:
    """Return where a city's caught mail stands."""
    return data_dir / "demo" / f"mail-{city}"


class _Keep:
    """Writes each message into the folder, complete or not at all."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.number = 0

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: SmtpSession, envelope: Envelope
    ) -> str:
        self.number += 1
        content = envelope.content or b""
        name = f"{time.time_ns():020d}-{self.number:06d}.eml"
        part = self.place / f".{name}"
        part.write_bytes(content if isinstance(content, bytes) else content.encode())
        os.replace(part, self.place / name)
        return "250 kept"


class Catcher:
    """The server, on a thread of its own, on a free port of 127.0.0.1."""

    def __init__(self, place: Path) -> None:
        """Listen; messages go into the folder `place`."""
        place.mkdir(parents=True, exist_ok=True)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._keep = _Keep(place)
        self._loop = asyncio.new_event_loop()
        self._stopped = asyncio.Event()
        self._thread = threading.Thread(target=self._serve, name="mail-catcher", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Return what SMTP_URL has to say to reach it."""
        return f"smtp://127.0.0.1:{self.port}?starttls=never"

    def _serve(self) -> None:
        self._loop.run_until_complete(self._until_stopped())
        self._loop.close()

    async def _until_stopped(self) -> None:
        server = await self._loop.create_server(self._session, sock=self._socket)
        async with server:
            await self._stopped.wait()

    def _session(self) -> SMTP:
        return SMTP(self._keep, hostname="localhost", data_size_limit=_LARGEST, loop=self._loop)

    def stop(self) -> None:
        """Stop listening; a second call does nothing."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopped.set)
            self._thread.join(5)
