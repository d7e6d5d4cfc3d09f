"""Build the front end once for each state of its sources, whoever asks and however many at once.

The browser's files are a function of: our screens and their texts, the city, the assets, the
locked packages and the framework. Their hash names the build's folder; a finished build is moved
into place in one step, so a half-made one is never served.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path

from portal.config import ROOT, settings
from portal.style import is_test_mode

_SOURCES = ("pages", "ui", "state", "kit", "locale", "cities")
_FILES = ("portal.py", "routes.py", "style.py", "build.py")
_PACKAGES = ROOT / "reflex.lock" / "package.json"
_BUILDS = ROOT / "var" / "front"
_KEPT_BUILDS = 6
# Reflex bakes the API's address into the bundle (rxconfig.API_PLACEHOLDER); ours is wherever the
# page came from, so one build serves every host and port.
_BAKED = re.compile(r"""["'`]((?:ws|http)://localhost:9)(/[\w/-]*)["'`]""")


def _sources() -> Iterator[Path]:
    for name in _FILES:
        yield ROOT / "portal" / name
    for name in _SOURCES:
        yield from sorted((ROOT / "portal" / name).rglob("*"))
    yield from sorted((ROOT / "assets").rglob("*"))
    yield from sorted((ROOT / "reflex.lock").rglob("*"))
    yield ROOT / "rxconfig.py"


@cache
def source_hash() -> str:
    """Return the hash of all that the browser's files depend on, for this city."""
    digest = hashlib.sha256()
    chosen = settings()
    digest.update(f"{chosen.city} {is_test_mode()} {version('reflex')}".encode())
    if chosen.city_file:
        digest.update(chosen.city_file.read_bytes())
    for path in _sources():
        if path.is_file() and path.suffix not in (".pyc", ".mo") and "external" not in path.parts:
            digest.update(path.relative_to(ROOT).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def current() -> Path:
    """Return the folder of this source's build, whether or not it was made yet."""
    return _BUILDS / f"{settings().city}-{source_hash()}"


@contextmanager
def _alone() -> Iterator[None]:
    _BUILDS.mkdir(parents=True, exist_ok=True)
    with (_BUILDS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class BuildFailed(Exception):
    """The front end could not be built; the message ends in the builder's last words."""


def ensure(*, quiet: bool = True) -> Path:
    """Build if these sources were never built; return the build's folder. Raises BuildFailed."""
    target = current()
    if target.is_dir():
        return target
    with _alone():
        if not target.is_dir():  # another process may have built while we waited
            _build(target, quiet)
    return target


def _build(target: Path, quiet: bool) -> None:
    environ = {name: v for name, v in os.environ.items() if not name.startswith("__REFLEX")}
    command = [sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip"]
    locked = _PACKAGES.read_bytes()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**environ, "PYTHONPATH": str(ROOT), "PORTAL_BUILDING": "1"},
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
        text=True,
        check=False,
    )
    # npm writes the same packages in another order each time: a build leaves the lock as it was.
    if json.loads(_PACKAGES.read_bytes()) == json.loads(locked):
        _PACKAGES.write_bytes(locked)
    made = ROOT / ".web" / "build" / "client"
    if done.returncode or not (made / "index.html").is_file():
        raise BuildFailed(f"the front end did not build:\n{(done.stdout or '')[-3000:]}")
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(made, part, ignore=shutil.ignore_patterns("*.jsx*"))
    _unbake(part)
    _take_font(part)
    part.rename(target)
    _forget_old(target)


def _unbake(root: Path) -> None:
    for path in root.rglob("*.js"):
        text = path.read_text()
        fixed = _BAKED.sub(lambda m: _from_here(m[1], m[2]), text)
        if fixed != text:
            path.write_text(fixed)
            for suffix in (".br", ".gz"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)


def _take_font(root: Path) -> None:
    # From the locked package, with its licence beside it: the server's own pages need a fixed name.
    package = ROOT / ".web" / "node_modules" / "@fontsource-variable" / "public-sans"
    fonts = root / "fonts"
    fonts.mkdir()
    shutil.copy(
        package / "files" / "public-sans-latin-wght-normal.woff2", fonts / "public-sans.woff2"
    )
    shutil.copy(package / "LICENSE", fonts / "LICENSE.txt")


def _from_here(base: str, path: str) -> str:
    origin = "location.origin"
    if base.startswith("ws"):
        origin += '.replace(/^http/,"ws")'
    return f'({origin}+"{path}")'


def _forget_old(kept: Path) -> None:
    folders = [p for p in _BUILDS.iterdir() if p.is_dir() and p != kept]
    for path in sorted(folders, key=lambda p: p.stat().st_mtime)[: -(_KEPT_BUILDS - 1)]:
        shutil.rmtree(path, ignore_errors=True)
