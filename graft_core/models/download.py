"""One file over HTTP: short patience, resumed where it broke off, renamed into place only when its hash is right."""

import errno
import hashlib
import os
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests.utils import get_environ_proxies

from graft_core.errors import FetchError

CONNECT_S = 5.0
READ_S = 30.0
TIMEOUT_S = (CONNECT_S, READ_S)
CHUNK_BYTES = 1 << 20
SHA256 = re.compile(r"[0-9a-f]{64}")


class MirrorError(Exception):
    """One mirror did not deliver; the message is half a sentence, and the next mirror is tried."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        """What the server answered, where it refused."""


class WrongHashError(MirrorError):
    """A mirror gave another file than the one that was asked for."""


@dataclass(frozen=True)
class Arrived:
    """Bytes of one file so far."""

    done: int
    """Bytes on disk."""
    total: int | None
    """Bytes in all, where the server says so."""
    resumed: int
    """Bytes that an earlier run had left."""


def download(
    url: str,
    target: Path,
    *,
    sha256: str | None = None,
    headers: Mapping[str, str] | None = None,
    certificates: str | None = None,
) -> Iterator[Arrived]:
    """Fetch a file; ``target`` appears whole and with the right hash, or not at all.

    A broken download leaves ``target.part``, and the next call goes on from there.

    Raises:
        MirrorError: no answer, a refusal, or a wrong hash.
        FetchError: the disk is full or not writable, which no other mirror mends.
    """
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield from _attempt(url, target, part, sha256, headers or {}, certificates)
        except _StaleError:  # what an earlier run left belongs to another version of the file
            yield from _attempt(url, target, part, sha256, headers or {}, certificates)
    except requests.RequestException as error:
        raise failed(error) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            part.unlink(missing_ok=True)
        raise disk_error(target, error) from error


class _StaleError(Exception):
    """A resumed file did not come out right; the part is gone, and a fresh start may do."""


def _attempt(
    url: str, target: Path, part: Path, sha256: str | None, headers: Mapping[str, str], certificates: str | None
) -> Iterator[Arrived]:
    reachable(url)
    note = part.with_name(f"{part.name}.etag")
    had = part.stat().st_size if part.is_file() and (sha256 or note.is_file()) else 0
    asked = {"Accept-Encoding": "identity", **headers}
    if had:
        asked |= {"Range": f"bytes={had}-"} | ({"If-Range": note.read_text()} if note.is_file() else {})
    with requests.get(url, headers=asked, stream=True, timeout=TIMEOUT_S, verify=certificates or True) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            _forget(part, note)
            raise _StaleError
        response.raise_for_status()
        resumed = had if response.status_code == requests.codes.partial_content else 0
        if resumed and not _goes_on(response, had, note):
            _forget(part, note)
            raise _StaleError
        expected = sha256 or _promised_sha256(response)
        length = response.headers.get("Content-Length", "")
        total = resumed + int(length) if length.isdigit() else None
        if total is None and expected is None and not _tells_its_end(response):
            raise MirrorError("it does not say how long the file is, so nobody can tell when it is whole")
        _note_version(response, note)
        with part.open("ab" if resumed else "wb") as stream:
            yield Arrived(resumed, total, resumed)
            for chunk in response.iter_content(CHUNK_BYTES):
                stream.write(chunk)
                yield Arrived(stream.tell(), total, resumed)
            stream.flush()
            os.fsync(stream.fileno())
            arrived = stream.tell()
    if total is not None and arrived < total:
        raise MirrorError(f"the connection broke after {arrived} of {total} bytes, run it again to go on")
    found = _sha256(part)
    if expected and found != expected:
        _forget(part, note)
        if resumed:
            raise _StaleError
        raise WrongHashError(f"what it gave has the sha256 {found[:12]}..., not {expected[:12]}...")
    os.replace(part, target)
    note.unlink(missing_ok=True)


def reachable(url: str) -> None:
    """Knock at a host before a request does: an unreachable one costs seconds, however many addresses it has."""
    parts = urlsplit(url)
    if parts.hostname is None or get_environ_proxies(url):
        return
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        addresses = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except socket.gaierror:
        raise MirrorError("its name is not known here: no network?") from None
    one_of_each_family = {family: (kind, protocol, address) for family, kind, protocol, _, address in addresses[::-1]}
    for family, (kind, protocol, address) in one_of_each_family.items():
        with socket.socket(family, kind, protocol) as knock:
            knock.settimeout(CONNECT_S)
            try:
                knock.connect(address)
                return
            except OSError:
                continue
    raise MirrorError("it does not answer: no network?")


def failed(error: requests.RequestException) -> MirrorError:
    """A mirror's failure in a few words, without the address, which may hold a password."""
    if error.response is not None:
        status = error.response.status_code
        return MirrorError(f"it answers {status} {error.response.reason}".rstrip(), status)
    if isinstance(error, requests.Timeout):
        return MirrorError(f"no answer within {READ_S:.0f} seconds")
    if isinstance(error, requests.exceptions.SSLError):
        return MirrorError("its certificate is not trusted here")
    return MirrorError("the connection broke, run it again to go on")


def disk_error(target: Path, error: OSError) -> FetchError:
    """A disk that refuses."""
    return FetchError(f"{target} cannot be written ({error.strerror}): free some space or choose another folder.")


def _promised_sha256(response: requests.Response) -> str | None:
    """The hash the Hugging Face hub states for a large file, on the answer that redirects to its store."""
    for answer in (*response.history, response):
        etag = answer.headers.get("X-Linked-ETag", "").strip('"')
        if SHA256.fullmatch(etag):
            return etag
    return None


def _goes_on(response: requests.Response, had: int, note: Path) -> bool:
    """Whether a partial answer begins where the part here ends, and is of the same version of the file."""
    begins = re.match(rf"bytes {had}-", response.headers.get("Content-Range", ""))
    same = not note.is_file() or response.headers.get("ETag") == note.read_text()
    return begins is not None and same


def _tells_its_end(response: requests.Response) -> bool:
    """Whether an answer of unknown length that was cut short is known to be."""
    return "chunked" in response.headers.get("Transfer-Encoding", "").lower()


def _note_version(response: requests.Response, note: Path) -> None:
    """Remember which version of the file the part belongs to, if the server names it unmistakably."""
    etag = response.headers.get("ETag", "")
    if etag and not etag.startswith("W/"):
        note.write_text(etag)
    else:
        note.unlink(missing_ok=True)


def _forget(part: Path, note: Path) -> None:
    part.unlink(missing_ok=True)
    note.unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
