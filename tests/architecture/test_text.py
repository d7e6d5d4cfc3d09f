"""Every sentence is spoken in both languages, once and the same everywhere."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.config import ROOT
from portal.domain.audit import acts as audit
from portal.domain.identity.states import UserStatus
from portal.domain.requests.states import RequestStatus
from portal.kit.catalogue import parts
from portal.state.admin_words import ACTS, SOURCES
from portal.state.admin_work import TASK_WORDS
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


# A sentence as people read it: it begins with a capital or a filled place, and has a blank.
_SENTENCE = re.compile(r"(?:[A-Z]|%\()[^\n]*\w\)?s? [\w%]")
_SPEAKERS = {"open_task", "queue_mail", "Problem", "DomainError", "NotFound", "NotAllowed"}
_VIEWS = ("Row", "Line", "Card", "View", "Head")
_SHOWN = {"notice", "title", "detail"}
_MARKS = {"_", "N_", "ngettext"}


def _name(node: ast.AST) -> str:
    return getattr(node, "id", "") or getattr(node, "attr", "")


def _sentences(node: ast.AST) -> Iterator[str]:
    """Yield the sentences under `node` that are not marked for translation."""
    if isinstance(node, ast.Call) and _name(node.func) in _MARKS:
        return
    said = ""
    if isinstance(node, ast.JoinedStr):
        pieces = [part.value if isinstance(part, ast.Constant) else "%(x)s" for part in node.values]
        said = "".join(map(str, pieces))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        said = node.value
    if said:
        if _SENTENCE.match(said) and re.search(r"[A-Za-z]{2}", _PLACES.sub("", said)):
            yield said
        return
    for child in ast.iter_child_nodes(node):
        yield from _sentences(child)


def unmarked(source: str) -> list[str]:
    """Return each sentence of `source` that reaches a person without being marked.

    Seen are what errors, tasks and mails are made with, the views that States assign, and
    assignments to what is shown. A sentence that is put together elsewhere is not seen.
    """
    tree = ast.parse(source)
    errors = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and any(_name(base) in _SPEAKERS for base in node.bases)
    }
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = _name(node.func)
            if name in _SPEAKERS | errors or name.endswith(_VIEWS):
                for given in (*node.args, *(word.value for word in node.keywords)):
                    found += _sentences(given)
        elif isinstance(node, ast.Assign) and any(_name(t) in _SHOWN for t in node.targets):
            found += _sentences(node.value)
    return found


def _parsed(*folders: str) -> Iterator[tuple[Path, str]]:
    for folder in folders:
        for path in sorted((ROOT / "portal" / folder).rglob("*.py")):
            yield path, path.read_text()


def test_what_people_read_is_marked() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {sentence}"
        for path, source in _parsed("domain", "state", "pages", "ui", "http", "jobs")
        for sentence in unmarked(source)
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        'raise DomainError("Enter the name.")',
        'class Bad(NotFound): ...\nraise Bad("We could not find it.", field="x")',
        'self.notice = "It is saved."',
        'self.notice = f"Saved for {name} now."',
        'row = BillRow(id, "Past due" if late else "")',
        'open_task(session, "x", "x:1", f"{amount} of {number} were too much.")',
        'queue_mail(session, subject="Your receipt", paragraphs=[_("Hi,"), "It is paid."])',
    ],
)
def test_the_check_sees_unmarked_sentences(source: str) -> None:
    assert unmarked(source) != []


def _given(name: str, place: int) -> set[str]:
    """Return the plain texts that the domain gives as argument `place` of calls of `name`."""
    return {
        text.value
        for _, source in _parsed("domain")
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and _name(node.func) == name and len(node.args) > place
        for text in ast.walk(node.args[place])
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    }


def _noted() -> set[str]:
    """Return every act that the code notes: said at the call, moved to, or named for a call."""
    acts = {act for act in _given("record", 2) | _given("look", 2) if re.search(r"\.\w", act)}
    acts |= {f"user.{status}" for status in UserStatus}
    acts |= {f"request.{status}" for status in RequestStatus}
    # Given as a name: the module says it elsewhere.
    for _, source in _parsed("domain"):
        if re.search(r"audit\.record\(\s*session,\s*\w+,\s*[a-z]", source):
            acts |= set(re.findall(r'"((?:link|staff)\.[a-z_]+)"', source))
    return acts


def test_staff_read_words_for_every_act_task_and_source() -> None:
    assert _noted() - set(ACTS) == set()
    assert _given("open_task", 1) - set(TASK_WORDS) == set()
    sources = _given("_apply", 2) | _given("_fail", 2) | _given("_send", 1) | _given("look", 1)
    assert sources == set(SOURCES)


def test_somebody_said_which_residents_read_of_every_act() -> None:
    noted = _noted()
    assert {"link.moved_out", "staff.ask_processor", "bill.download", "user.active"} <= noted
    known = set(audit.ACTS) | set(audit.UNSHOWN)
    assert noted - known == set()
    # And nothing is placed that nobody does any more.
    assert known - noted == set()
    assert set(audit.ACTS) & set(audit.UNSHOWN) == set()
    assert all(audit.UNSHOWN.values())
    assert set(ACTS) == known
