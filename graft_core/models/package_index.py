"""Source archives from whichever package index pip is configured with, found without running any of their code."""

import ast
import re
import subprocess
import sys
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import url2pathname

import requests

from graft_core.models.download import TIMEOUT_S, MirrorError, failed, reachable

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
PIP_TIMEOUT_S = 60


@dataclass(frozen=True)
class PipSettings:
    """What pip would use for a download."""

    indexes: tuple[str, ...]
    """Addresses of simple indexes, in pip's order."""
    certificates: str | None
    """Bundle of certificates, None for the usual one."""


@dataclass(frozen=True)
class SourceArchive:
    """One release's source archive."""

    url: str
    """http(s) or file address."""
    filename: str
    """Its name on the index."""
    sha256: str | None
    """Hash the index states for it."""


def pip_settings() -> PipSettings:
    """Ask pip itself: its environment, its configuration files, and its built-in default."""
    try:
        from pip._internal.models.index import PyPI
    except ImportError:
        raise MirrorError("pip is not installed in this environment, so its index is unknown") from None
    command = [sys.executable, "-m", "pip", "config", "list"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, timeout=PIP_TIMEOUT_S, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise MirrorError(f"`pip config list` failed ({error})") from error
    found = dict(_setting(line) for line in listed.splitlines() if "=" in line)

    def configured(key: str) -> str:
        return next(
            (found[place] for place in (f":env:.{key}", f"download.{key}", f"global.{key}") if found.get(place)), ""
        )

    main = configured("index-url") or str(PyPI.simple_url)
    extra = configured("extra-index-url").split()
    return PipSettings((main, *extra), configured("cert") or None)


def find_source_archive(project: str, version: str, pip: PipSettings) -> SourceArchive:
    """The .tar.gz of one release on the first index that has it.

    Raises:
        MirrorError: no index answers or has it.
    """
    reasons = []
    for index in pip.indexes:
        try:
            for archive in _project_page(f"{index.rstrip('/')}/{_normal(project)}/", pip):
                if _is_source_of(archive.filename, project, version):
                    return archive
            reasons.append("the index has no such archive")
        except MirrorError as error:
            reasons.append(str(error))
    raise MirrorError("; ".join(dict.fromkeys(reasons)))


def _project_page(url: str, pip: PipSettings) -> list[SourceArchive]:
    """Every file of a project by the simple repository API, in JSON or HTML."""
    if urlsplit(url).scheme == "file":
        page = Path(url2pathname(urlsplit(url).path)) / "index.html"
        return _from_html(page.read_text(), url) if page.is_file() else []
    reachable(url)
    try:
        response = requests.get(url, headers={"Accept": ACCEPT}, timeout=TIMEOUT_S, verify=pip.certificates or True)
        if response.status_code == requests.codes.not_found:
            return []
        response.raise_for_status()
        if "json" not in response.headers.get("Content-Type", ""):
            return _from_html(response.text, response.url)
        files = response.json()["files"]
        return [
            SourceArchive(urljoin(response.url, file["url"]), file["filename"], file.get("hashes", {}).get("sha256"))
            for file in files
        ]
    except requests.RequestException as error:
        raise failed(error) from error
    except (KeyError, TypeError) as error:
        raise MirrorError("the index gave an answer that cannot be understood") from error


class _Links(HTMLParser):
    """Addresses of a page's links."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]


def _from_html(page: str, url: str) -> list[SourceArchive]:
    links = _Links()
    links.feed(page)
    archives = []
    for link in links.found:
        address, _, fragment = urljoin(url, link).partition("#")
        sha256 = fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else None
        archives.append(SourceArchive(address, unquote(urlsplit(address).path.rpartition("/")[2]), sha256))
    return archives


def _is_source_of(filename: str, project: str, version: str) -> bool:
    stem, dash, found = filename.removesuffix(".tar.gz").rpartition("-")
    return filename.endswith(".tar.gz") and bool(dash) and found == version and _normal(stem) == _normal(project)


def _normal(project: str) -> str:
    """Project names compare without case, and with one kind of dash."""
    return re.sub(r"[-_.]+", "-", project).lower()


def _setting(line: str) -> tuple[str, str]:
    """One line of ``pip config list``: a key and a quoted value."""
    key, _, value = line.partition("=")
    try:
        return key.strip(), str(ast.literal_eval(value.strip()))
    except (SyntaxError, ValueError):
        return key.strip(), value.strip()
