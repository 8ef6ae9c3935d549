"""Source archives are found on whichever index pip is configured with."""

import json
import os
from pathlib import Path

import pytest
from misbehaving_server import Page, Server

from graft_core.models.download import MirrorError
from graft_core.models.package_index import PipSettings, SourceArchive, find_source_archive, pip_settings

HTML = """<!DOCTYPE html><html><body>
<a href="../../files/Some_Thing-1.0.tar.gz#sha256=aa">Some_Thing-1.0.tar.gz</a>
<a href="../../files/some_thing-1.1-py3-none-any.whl#sha256=bb">wheel</a>
<a href="../../files/some_thing-1.1.tar.gz#sha256=cc" data-requires-python="&gt;=3.8">some_thing-1.1.tar.gz</a>
<a href="../../files/some_thing-extra-1.1.tar.gz">another project</a>
</body></html>"""


def found(server: Server, version: str = "1.1") -> SourceArchive:
    return find_source_archive("Some.Thing", version, PipSettings((f"{server.url}/simple",), None))


def test_a_release_is_found_on_an_index_in_html(server: Server) -> None:
    server.pages["/simple/some-thing/"] = Page(HTML.encode(), content_type="text/html; charset=utf-8")
    assert found(server) == SourceArchive(f"{server.url}/files/some_thing-1.1.tar.gz", "some_thing-1.1.tar.gz", "cc")
    assert found(server, "1.0").sha256 == "aa"


def test_a_release_is_found_on_an_index_in_json(server: Server) -> None:
    files = [
        {"filename": "some_thing-1.1-py3-none-any.whl", "url": "/files/some_thing-1.1-py3-none-any.whl", "hashes": {}},
        {"filename": "some_thing-1.1.tar.gz", "url": "/files/some_thing-1.1.tar.gz", "hashes": {"sha256": "cc"}},
    ]
    body = json.dumps({"meta": {"api-version": "1.1"}, "name": "some-thing", "files": files}).encode()
    server.pages["/simple/some-thing/"] = Page(body, content_type="application/vnd.pypi.simple.v1+json")
    assert found(server) == SourceArchive(f"{server.url}/files/some_thing-1.1.tar.gz", "some_thing-1.1.tar.gz", "cc")


def test_a_release_is_found_on_an_index_in_a_folder(tmp_path: Path, server: Server) -> None:
    (tmp_path / "simple" / "some-thing").mkdir(parents=True)
    (tmp_path / "simple" / "some-thing" / "index.html").write_text(HTML)
    pip = PipSettings((f"{server.url}/simple", (tmp_path / "simple").as_uri()), None)
    archive = find_source_archive("some_thing", "1.1", pip)
    assert archive.url == (tmp_path / "files" / "some_thing-1.1.tar.gz").as_uri()


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (None, "the index has no such archive"),
        (Page(HTML.encode().replace(b"1.1", b"2.2"), content_type="text/html"), "the index has no such archive"),
        (Page(b"", status=500), "it answers 500"),
        (Page(b"[]", content_type="application/json"), "an answer that cannot be understood"),
        (Page(b"{", content_type="application/json"), "connection broke|cannot be understood"),
    ],
)
def test_an_index_without_it_says_so(server: Server, page: Page | None, message: str) -> None:
    if page:
        server.pages["/simple/some-thing/"] = page
    with pytest.raises(MirrorError, match=message):
        found(server)


def test_an_unreachable_index_says_so() -> None:
    with pytest.raises(MirrorError, match="it does not answer"):
        find_source_archive("x", "1", PipSettings(("http://127.0.0.1:9/simple",), None))


def test_pip_itself_is_asked_which_index_it_uses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("PIP_"):
            monkeypatch.delenv(name)
    configuration = tmp_path / "pip.conf"
    configuration.write_text("[global]\nindex-url = https://global.invalid/simple\ncert = /some/bundle.pem\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(configuration))
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://one.invalid/simple https://two.invalid/simple")
    settings = pip_settings()
    assert settings.indexes == (
        "https://global.invalid/simple",
        "https://one.invalid/simple",
        "https://two.invalid/simple",
    )
    assert settings.certificates == "/some/bundle.pem"
    monkeypatch.setenv("PIP_INDEX_URL", "https://environment.invalid/simple")
    assert pip_settings().indexes[0] == "https://environment.invalid/simple"


def test_without_configuration_it_is_pips_own_default(monkeypatch: pytest.MonkeyPatch) -> None:
    from pip._internal.models.index import PyPI

    for name in list(os.environ):
        if name.startswith("PIP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    assert pip_settings() == PipSettings((PyPI.simple_url,), None)
