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
    """Return the messages of every .po file in `folder`.

    Raises ValueError where two files translate one message differently.
    """
    whole = Catalog(locale=locale, domain="portal")
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as file:
            part = read_po(file, locale=locale)
        for message in part:
            if not message.id or not message.string:
                continue
            known = whole.get(message.id, message.context)
            if known and known.string and known.string != message.string:
                raise ValueError(f"{path.name}: {message.id!r} is translated otherwise elsewhere")
            whole.add(message.id, message.string, flags=message.flags, context=message.context)
    return whole


def translations(folder: Path, locale: str) -> gettext.NullTranslations:
    """Return gettext translations of `folder`; without any file, none."""
    catalog = merged(folder, locale)
    if not len(catalog):
        return gettext.NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
