"""The Spanish catalogue: one .po file a part of the portal, merged when first spoken.

No compiled file is kept: the sources are small, and a stale binary would speak old sentences.
"""

import gettext
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def merged(folder: Path, locale: str) -> Catalog:
    """Return the messages of every .po file in `folder`; the first file that has one keeps it."""
    whole = Catalog(locale=locale, domain="portal")
    for part in parts(folder, locale).values():
        for message in part:
            if message.id and message.string and whole.get(message.id, message.context) is None:
                whole.add(message.id, message.string, flags=message.flags, context=message.context)
    return whole


def parts(folder: Path, locale: str) -> dict[str, Catalog]:
    """Return each .po file of `folder` by its name."""
    found = {}
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as file:
            found[path.name] = read_po(file, locale=locale)
    return found


def translations(folder: Path, locale: str) -> gettext.NullTranslations:
    """Return gettext translations of `folder`; without any file, none."""
    catalog = merged(folder, locale)
    if not len(catalog):
        return gettext.NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
