"""Every sentence is spoken in both languages, once and the same everywhere."""

import re

from portal.config import ROOT
from portal.kit.catalogue import parts
from tests.architecture.messages import marked, missing

_PLACES = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")


def test_no_sentence_lacks_spanish() -> None:
    assert missing() == {}


def test_the_extraction_finds_sentences_of_code_and_of_templates() -> None:
    places = {place.rsplit(".", 1)[-1] for _, place in marked()}
    assert places == {"py", "html"}


def test_parts_do_not_contradict_each_other() -> None:
    said: dict[object, tuple[object, str]] = {}
    contradictions = []
    for name, catalog in parts(ROOT / "portal" / "locale" / "es", "es").items():
        for message in catalog:
            if not message.id or not message.string:
                continue
            other, place = said.setdefault(message.id, (message.string, name))
            if other != message.string:
                contradictions.append(
                    f"{message.id!r}: {place} {other!r}, {name} {message.string!r}"
                )
    assert contradictions == []


def test_translations_fill_the_same_places() -> None:
    wrong = []
    for name, catalog in parts(ROOT / "portal" / "locale" / "es", "es").items():
        for message in catalog:
            if not message.id or isinstance(message.id, tuple | list):
                continue
            wanted = {a or b for a, b in _PLACES.findall(message.id)}
            if {a or b for a, b in _PLACES.findall(str(message.string))} != wanted:
                wrong.append(f"{name}: {message.id}")
    assert wrong == []
