"""The built screens, served by us: guard before any HTML, clean paths, hashes for the CSP.

Everything a browser may GET of the front end is read from the build's folder when the process
starts; a path that is not in that index is not served, so there is no path to escape from.
"""

import base64
import gzip
import hashlib
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from portal import routes
from portal.domain.identity.permission import Permission
from portal.http import request as http
from portal.http.policy import content_policy
from portal.kit.text import speaking

_INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_HTML_LANG = re.compile(rb"<html[^>]*\blang=\"[a-z]+\"")


@dataclass(frozen=True)
class _File:
    path: Path
    media_type: str
    etag: str
    modified: str
    bodies: Mapping[str, bytes]  # by content encoding; "" is the plain one
    policy: str = ""


def language_of(path: str) -> tuple[str, str]:
    """Split a path into its language and the path that both languages share."""
    if path == "/es" or path.startswith("/es/"):
        return "es", path[3:] or "/"
    return "en", path


def _in_language(body: bytes, code: str) -> bytes:
    # Reflex writes one `lang` for the whole app; the Spanish pages must say theirs in the HTML
    # itself, or a reader without scripts hears Spanish read by English rules.
    return _HTML_LANG.sub(b'<html lang="' + code.encode() + b'"', body, count=1)


def _read(root: Path, path: Path) -> _File:
    body = path.read_bytes()
    stat = path.stat()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    bodies = {"": body}
    policy = ""
    if media_type == "text/html":
        code, _ = language_of("/" + path.relative_to(root).as_posix())
        body = _in_language(body, code)
        bodies = {"": body, "gzip": gzip.compress(body, 9, mtime=0)}
        hashes = {
            "'sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() + "'"
            for script in _INLINE_SCRIPT.findall(body.decode())
        }
        policy = content_policy(hashes)
        media_type = "text/html; charset=utf-8"
    else:
        for encoding, suffix in _ENCODINGS:
            sidecar = path.with_name(path.name + suffix)
            if sidecar.exists():
                bodies[encoding] = sidecar.read_bytes()
        if media_type.startswith("text/") or media_type.endswith(("javascript", "json")):
            media_type += "; charset=utf-8"
    return _File(
        path,
        media_type,
        '"' + hashlib.sha256(body).hexdigest()[:32] + '"',
        formatdate(stat.st_mtime, usegmt=True),
        bodies,
        policy,
    )


def _index(root: Path) -> dict[str, _File]:
    found: dict[str, _File] = {}
    if not root.is_dir():
        return found
    for path in sorted(root.rglob("*")):
        if not path.is_file() or path.suffix in (".br", ".gz"):
            continue
        if path.suffix == ".html" and path.name != "index.html":
            # The build's second copies ("admin.html"): under such a name nobody would ask who may.
            continue
        address = "/" + path.relative_to(root).as_posix()
        if path.name == "index.html":
            address = address.removesuffix("/index.html") or "/"
        found[address] = _read(root, path)
    return found


class Screens:
    """Serve the build; send who may not see a page to the sign-in before any HTML."""

    def __init__(self, app: ASGIApp, root: Path, access: Mapping[str, Permission]) -> None:
        """Read the build under `root`. `access`: what each page's path (English) asks."""
        self.app = app
        self.files = _index(root)
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer GET and HEAD of a page or asset; pass everything else on."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        path = scope["path"].rstrip("/") or "/"
        file = self.files.get(path)
        if file is None:
            await self.app(scope, receive, send)
            return
        _, shared = language_of(path)
        need = self.access.get(shared, Permission.PUBLIC)
        if need is not Permission.PUBLIC and (refused := await self._refuse(scope, need)):
            await refused(scope, receive, send)
            return
        await self._respond(scope, file, need)(scope, receive, send)

    async def _refuse(self, scope: Scope, need: Permission) -> Response | None:
        header = _header(scope, b"cookie")
        if need.allows(await http.resolve(http.session_hash(header))):
            return None
        code, _ = language_of(scope["path"])
        wanted = scope["path"]
        if scope["query_string"]:
            wanted += "?" + scope["query_string"].decode("latin-1")
        staff = need in (Permission.STAFF, Permission.ADMINISTRATOR)
        with speaking(code):
            target = routes.localized(routes.ADMIN_SIGN_IN if staff else routes.SIGN_IN)
        return RedirectResponse(
            f"{target}?next={quote(wanted)}", 303, headers={"cache-control": "no-store"}
        )

    def _respond(self, scope: Scope, file: _File, need: Permission) -> Response:
        headers = {"etag": file.etag, "last-modified": file.modified, "vary": "accept-encoding"}
        if file.policy:
            headers["content-security-policy"] = file.policy
            # A private page comes out of no cache, the Back button's included, after sign-out.
            public = need is Permission.PUBLIC
            headers["cache-control"] = "no-cache" if public else "no-store"
        elif scope["path"].startswith("/assets/") or b"v=" in scope["query_string"]:
            headers["cache-control"] = "public, max-age=31536000, immutable"
        else:
            headers["cache-control"] = "public, max-age=3600"
        if _header(scope, b"if-none-match") == file.etag:
            return Response(status_code=304, headers=headers)
        accepted = {
            part.split(";")[0].strip() for part in _header(scope, b"accept-encoding").split(",")
        }
        body = file.bodies[""]
        for encoding, _ in _ENCODINGS:
            if encoding in accepted and encoding in file.bodies:
                body = file.bodies[encoding]
                headers["content-encoding"] = encoding
                break
        return Response(body, 200, headers, media_type=file.media_type)


def _header(scope: Scope, name: bytes) -> str:
    return b"; ".join(value for key, value in scope["headers"] if key == name).decode("latin-1")
