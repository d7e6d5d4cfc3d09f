"""The index of the build: what it serves, under which names, and to whom."""

from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from portal.domain.identity.permission import Permission
from portal.http.screens import Screens


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    for name in ("index.html", "admin.html", "admin/index.html", "es/admin/index.html"):
        page = tmp_path / name
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text('<html lang="en"><script>let a = 1</script></html>')
    (tmp_path / "__spa-fallback.html").write_text("<html></html>")
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "a-1.js").write_text("let a = 1")
    (tmp_path / "assets" / "a-1.js.br").write_bytes(b"small")
    below = PlainTextResponse("below", 404)
    return TestClient(
        Screens(below, tmp_path, {"/admin": Permission.STAFF}), follow_redirects=False
    )


@pytest.mark.parametrize("path", ["/admin", "/admin/", "/es/admin"])
def test_a_page_for_staff_is_not_drawn_for_strangers(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 303
    sign_in = "/es/admin/sign-in" if path.startswith("/es") else "/admin/sign-in"
    assert answer.headers["location"] == f"{sign_in}?next={path}"
    assert "<html" not in answer.text


@pytest.mark.parametrize(
    "path",
    ["/admin.html", "/admin/index.html", "/__spa-fallback.html", "/assets/a-1.js.br"],
)
def test_no_other_name_of_a_file_leads_past_the_guard(client: TestClient, path: str) -> None:
    assert client.get(path).text == "below"


def test_a_script_comes_compressed_and_for_good(client: TestClient) -> None:
    with client.stream("GET", "/assets/a-1.js", headers={"accept-encoding": "br"}) as answer:
        assert b"".join(answer.iter_raw()) == b"small"
        assert answer.headers["content-encoding"] == "br"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_a_page_allows_its_own_inline_script_and_no_other(client: TestClient) -> None:
    policy = client.get("/").headers["content-security-policy"]
    (scripts,) = [rule for rule in policy.split("; ") if rule.startswith("script-src")]
    assert scripts == "script-src 'self' 'sha256-LAfYd7pbFUgwfQu8b4q135PeTG2z+/coPEUYCd74eCQ='"
