"""manifest.csv: what a folder says it holds. Written last; without it nothing is touched."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from portal.domain.exchange.faults import NoManifest, Refused, shown
from portal.domain.exchange.reader import BLOCK, split_record
from portal.domain.exchange.spec import BY_NAME
from portal.kit.text import N_

MANIFEST = "manifest.csv"
_COLUMNS = ("file", "rows", "sha256", "money_total", "mode", "as_of")
_MAX_BYTES = 32 << 20
_IMAGE = re.compile(r"images/(?!\.)[^/\\:\x00-\x1f\x7f]{1,200}\.pdf")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_MONEY = re.compile(r"-?[0-9]{1,15}\.[0-9]{2}")


@dataclass(frozen=True)
class Entry:
    """One listed file. `money_cents` is None where the file has no money column."""

    name: str
    rows: int
    sha256: str
    money_cents: int | None
    full: bool
    as_of: datetime


@dataclass(frozen=True)
class Manifest:
    """The folder's contents as stated. `content_hash` is that of the manifest's own bytes."""

    files: tuple[Entry, ...]
    images: tuple[Entry, ...]
    as_of: datetime
    content_hash: str


def _refuse(line: int, column: str, value: str) -> Refused:
    return Refused(
        N_("manifest.csv, line %(line)s, column %(column)s: %(value)s cannot be read."),
        line=line,
        column=column,
        value=shown(value),
    )


def _entry(number: int, cells: dict[str, str]) -> Entry:
    name = cells["file"]
    if name not in BY_NAME and not _IMAGE.fullmatch(name):
        raise Refused(
            N_("manifest.csv, line %(line)s: %(file)s is no file of the exchange."),
            line=number,
            file=shown(name),
        )
    image = name not in BY_NAME
    if not re.fullmatch("[0-9]{1,9}", cells["rows"]) or (image and cells["rows"] != "1"):
        raise _refuse(number, "rows", cells["rows"])
    if not re.fullmatch("[0-9a-fA-F]{64}", cells["sha256"]):
        raise _refuse(number, "sha256", cells["sha256"])
    if cells["mode"] not in (("DELTA",) if image else ("FULL", "DELTA")):
        raise _refuse(number, "mode", cells["mode"])
    has_money = not image and BY_NAME[name].money != ""
    if has_money != bool(cells["money_total"]) or (
        has_money and not _MONEY.fullmatch(cells["money_total"])
    ):
        raise _refuse(number, "money_total", cells["money_total"])
    try:
        if not _INSTANT.fullmatch(cells["as_of"]):
            raise ValueError
        as_of = datetime.fromisoformat(cells["as_of"]).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _refuse(number, "as_of", cells["as_of"]) from None
    return Entry(
        name,
        int(cells["rows"]),
        cells["sha256"].lower(),
        int(cells["money_total"].replace(".", "")) if has_money else None,
        cells["mode"] == "FULL",
        as_of,
    )


def read_manifest(folder: Path) -> Manifest:
    """Read and check a folder's manifest against the folder's names; no other file is opened.

    Raises Refused: no manifest, an unreadable one, a listed file that is absent, an unlisted CSV.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise NoManifest(
            N_("%(folder)s has no manifest.csv: a folder without one is not touched."),
            folder=str(folder),
        )
    if path.stat().st_size > _MAX_BYTES:
        raise Refused(N_("manifest.csv is too large."))
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise _refuse(line, "-", repr(raw[error.start : error.end])) from None
    entries = _entries(text)
    _check_folder(folder, entries)
    return Manifest(
        tuple(e for e in entries.values() if e.name in BY_NAME),
        tuple(e for e in entries.values() if e.name not in BY_NAME),
        max(e.as_of for e in entries.values()),
        hashlib.sha256(raw).hexdigest(),
    )


def _entries(text: str) -> dict[str, Entry]:
    lines = text.splitlines()
    header = [cell.strip() for cell in split_record(lines[0]) or []] if lines else []
    for column in _COLUMNS:
        if header.count(column) != 1:
            raise Refused(N_("%(file)s lacks the column %(column)s."), file=MANIFEST, column=column)
    entries: dict[str, Entry] = {}
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        cells = split_record(line)
        if cells is None or len(cells) != len(header):
            raise _refuse(number, "-", line)
        entry = _entry(number, dict(zip(header, (c.strip() for c in cells), strict=True)))
        if entry.name in entries:
            raise Refused(
                N_("manifest.csv, line %(line)s: %(file)s is listed twice."),
                line=number,
                file=entry.name,
            )
        entries[entry.name] = entry
    if not entries:
        raise Refused(N_("manifest.csv lists no file."))
    return entries


def _check_folder(folder: Path, entries: dict[str, Entry]) -> None:
    for name in entries:
        path = folder / name
        if not path.is_file() or path.is_symlink():
            raise Refused(N_("%(file)s is listed in manifest.csv and absent."), file=name)
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() == ".csv" and path.name not in (MANIFEST, *entries):
            raise Refused(
                N_("%(file)s is in the folder and not listed in manifest.csv."),
                file=shown(path.name),
            )


def verify_bytes(folder: Path, manifest: Manifest) -> None:
    """Hash every listed file again, a block at a time. Raises Refused at the first that differs."""
    for entry in (*manifest.files, *manifest.images):
        digest = hashlib.sha256()
        with (folder / entry.name).open("rb") as stream:
            while block := stream.read(BLOCK):
                digest.update(block)
        if digest.hexdigest() != entry.sha256:
            raise hash_differs(entry, digest.hexdigest())


def hash_differs(entry: Entry, found: str) -> Refused:
    """The refusal of a file whose bytes are not those the manifest was made for."""
    return Refused(
        N_("%(file)s: the manifest says sha256 %(stated)s, the file has %(found)s."),
        file=entry.name,
        stated=entry.sha256,
        found=found,
    )
