"""What the catcher kept, made fit to be shown: text and links, never the message's own HTML."""

import email.policy
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

_LINK = re.compile(r"https?://[^\s<>\"']+")
_SHOWN = 200


@dataclass(frozen=True)
class Piece:
    """A stretch of a message's text, or one of its links."""

    text: str
    href: str = ""


@dataclass(frozen=True)
class Message:
    """One message as its reader would see it."""

    key: str
    to: str
    subject: str
    received_at: datetime
    paragraphs: tuple[tuple[Piece, ...], ...]


def newest(folder: Path) -> list[Message]:
    """Return the newest 200 messages, newest first."""
    if not folder.is_dir():
        return []
    files = sorted(folder.glob("[0-9]*.eml"), reverse=True)[:_SHOWN]
    return [_read(path) for path in files]


def _read(path: Path) -> Message:
    parsed = BytesParser(EmailMessage, policy=email.policy.default).parsebytes(path.read_bytes())
    body = parsed.get_body(("plain",))
    words = str(body.get_content()).replace("\r\n", "\n") if body is not None else ""
    return Message(
        key=path.stem,
        to=str(parsed["To"] or ""),
        subject=str(parsed["Subject"] or ""),
        received_at=datetime.fromtimestamp(int(path.stem.split("-")[0]) / 1e9, UTC),
        paragraphs=tuple(
            tuple(_pieces(paragraph)) for paragraph in re.split(r"\n\s*\n", words.strip())
        ),
    )


def _pieces(paragraph: str) -> list[Piece]:
    found, end = [], 0
    for match in _LINK.finditer(paragraph):
        found.append(Piece(paragraph[end : match.start()]))
        found.append(Piece(match[0], match[0]))
        end = match.end()
    found.append(Piece(paragraph[end:]))
    return [piece for piece in found if piece.text]
