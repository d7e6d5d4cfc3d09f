"""English on a Spanish page: visible lines that are a sentence of the catalogue or of the city."""

import re
from collections.abc import Iterator
from functools import cache

from playwright.sync_api import Page
from pydantic import BaseModel

from portal.cities import city_file, read_city
from portal.cities.model import Words
from portal.config import ROOT
from portal.kit.catalogue import merged

_PLACE = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
_FOR_SENTENCES = 3  # words; shorter ones may be a part of a name, and count as a whole line only

_VISIBLE = """() => {
  const said = document.body.innerText.split("\\n");
  for (const e of document.querySelectorAll("[aria-label], [alt], [title], [placeholder], caption"))
    for (const name of ["aria-label", "alt", "title", "placeholder"])
      if (e.getAttribute(name)) said.push(e.getAttribute(name));
  said.push(document.title.split(" - ")[0]);
  return said.map((line) => line.replace(/\\s+/g, " ").trim()).filter(Boolean);
}"""


def _of_city(part: BaseModel) -> Iterator[Words]:
    for name in type(part).model_fields:
        held = getattr(part, name)
        for one in held if isinstance(held, tuple | list) else [held]:
            if isinstance(one, Words):
                yield one
            elif isinstance(one, BaseModel):
                yield from _of_city(one)


@cache
def _english(city: str) -> re.Pattern[str]:
    town = read_city(city_file(city))
    pairs = [(words.en, words.es) for words in _of_city(town) if words.en != town.full_name]
    for message in merged(ROOT / "portal" / "locale" / "es", "es"):
        both = isinstance(message.id, tuple | list)
        ids = message.id if both else [message.id]
        pairs += [(one, two) for one, two in zip(ids, message.string if both else [message.string],
                                                 strict=False)]  # fmt: skip
    # What Spanish says somewhere is no English: "Total", "No", "Email ID".
    spanish = {es.strip() for _, es in pairs}
    wholes, parts = [], []
    for en, es in pairs:
        words = _PLACE.sub(" ", en)
        # A short word between two places, "of", is in names as well.
        least = 4 if _PLACE.search(en) else 2
        if en == es or en.strip() in spanish or not re.search(rf"[A-Za-z]{{{least}}}", words):
            continue
        pattern = ".+".join(re.escape(piece) for piece in _PLACE.split(en.strip()))
        wholes.append(pattern)
        if len(re.findall(r"[A-Za-z']+", words)) >= _FOR_SENTENCES and not _PLACE.search(en):
            parts.append(pattern)
    return re.compile(rf"^(?:{'|'.join(wholes)})$|\b(?:{'|'.join(parts)})(?!\w)")


def english(page: Page, city: str) -> list[str]:
    """Return the lines of the page, seen or said, that are in English.

    The words printed on the town's bill are quoted as they stand there.
    """
    printed = [box.label for box in read_city(city_file(city)).billing.bill_picture]
    return [
        line
        for line in page.evaluate(_VISIBLE)
        if _english(city).search(line) and not any(label in line for label in printed)
    ]
