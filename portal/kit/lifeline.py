"""A child process ends with the one that started it, even where that one was killed.

The parent keeps the writing end of a pipe open; its end, however it came, closes the pipe.
"""

import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

_NAME = "PORTAL_LIFELINE"


class Child:
    """A started process in a session of its own, so that Ctrl-C reaches only its parent."""

    def __init__(self, name: str, command: Sequence[str], environment: dict[str, str], log: Path):
        """Start it, with what it says in `log`."""
        self.name = name
        self.log = log
        reading, self._writing = os.pipe()
        output: IO[bytes]
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                env={**environment, _NAME: str(reading)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(reading,),
            )
        os.close(reading)

    def last_words(self) -> str:
        """Return the end of its log."""
        return self.log.read_text(errors="replace")[-2000:].strip()

    def ask_to_stop(self) -> None:
        """Send SIGTERM."""
        if self.process.poll() is None:
            self.process.terminate()

    def stop(self, seconds: float = 8) -> None:
        """Wait for it to end; kill it and its own children when it takes longer."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self._writing)


def hold() -> None:
    """Where a parent gave us a lifeline, end with SIGTERM when it breaks."""
    given = os.environ.pop(_NAME, "")
    if not given:
        return

    def watch() -> None:
        os.read(int(given), 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
