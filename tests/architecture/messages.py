"""Every sentence that the sources mark for translation: `python -m tests.architecture.messages`."""

import sys
from collections.abc import Iterator

from babel.messages.extract import extract_from_file
from jinja2.ext import babel_extract

from portal.config import ROOT
from portal.kit.catalogue import merged

_KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2), "gettext": None}


def marked() -> Iterator[tuple[str, str]]:
    """Yield (message id, file) for every marked sentence of the portal."""
    for path in sorted((ROOT / "portal").rglob("*")):
        place = path.relative_to(ROOT).as_posix()
        if path.suffix == ".py":
            for _line, message, _comments, _context in extract_from_file(
                "python", path, keywords=_KEYWORDS
            ):
                yield (message if isinstance(message, str) else message[0]), place
        elif path.suffix in (".html", ".txt", ".xml") and "templates" in path.parts:
            with path.open("rb") as file:
                for _line, _function, message, _comments in babel_extract(
                    file, list(_KEYWORDS), [], {"trimmed": "true"}
                ):
                    if message:
                        yield (message if isinstance(message, str) else message[0]), place


def missing(language: str = "es") -> dict[str, str]:
    """Return the message ids that have no translation, and a file that speaks each."""
    catalog = merged(ROOT / "portal" / "locale" / language, language)
    known = {
        (message.id if isinstance(message.id, str) else message.id[0])
        for message in catalog
        if message.id and message.string
    }
    return {message: place for message, place in marked() if message and message not in known}


def main() -> int:
    """Print what lacks Spanish, as a .po part to fill in; 1 where anything does."""
    lacking = missing()
    for message, place in sorted(lacking.items(), key=lambda pair: (pair[1], pair[0])):
        text = message.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        sys.stdout.write(f'#: {place}\nmsgid "{text}"\nmsgstr ""\n\n')
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
