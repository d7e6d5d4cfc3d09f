"""The city's own bill images: kept by the hash of their content, found by their name.

A file is written before the transaction that names it commits; what a refused import leaves
behind is found again, by the same hash, by the next one.
"""

import hashlib
import os
from pathlib import Path
from uuid import uuid4

from sqlmodel import Session

from portal.domain.exchange.faults import Refused
from portal.domain.exchange.manifest import Entry, hash_differs
from portal.domain.exchange.reader import BLOCK
from portal.kit.text import N_
from portal.models.exchange import BillImage

_MAX_BYTES = 50 << 20


def stored_path(data_dir: Path, sha256: str) -> Path:
    """Return where the image with that content is kept."""
    return data_dir / "images" / sha256[:2] / f"{sha256}.pdf"


def find_image(session: Session, data_dir: Path, image_name: str) -> Path | None:
    """Return the file behind a bill's `image_name`, or None where the city sent none."""
    image = session.get(BillImage, image_name) if image_name else None
    path = stored_path(data_dir, image.sha256) if image else None
    return path if path and path.is_file() else None


def store_image(session: Session, folder: Path, data_dir: Path, entry: Entry) -> bool:
    """Keep a listed image, its hash checked while copying. Returns True where it is new or other.

    Raises Refused where the content is not what the manifest says, or no PDF.
    """
    source = folder / entry.name
    if source.stat().st_size > _MAX_BYTES:
        raise Refused(N_("%(file)s is larger than 50 MB."), file=entry.name)
    target = stored_path(data_dir, entry.sha256)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{uuid4().hex}.part")
    digest = hashlib.sha256()
    try:
        with source.open("rb") as reading, part.open("wb") as writing:
            first = True
            while block := reading.read(BLOCK):
                if first and not block.startswith(b"%PDF-"):
                    raise Refused(N_("%(file)s is not a PDF."), file=entry.name)
                first = False
                digest.update(block)
                writing.write(block)
            writing.flush()
            os.fsync(writing.fileno())
        if digest.hexdigest() != entry.sha256:
            raise hash_differs(entry, digest.hexdigest())
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    name = entry.name.removeprefix("images/")
    image = session.get(BillImage, name)
    if image and image.sha256 == entry.sha256:
        return False
    if image:
        image.sha256 = entry.sha256
    else:
        session.add(BillImage(name=name, sha256=entry.sha256))
    return True
