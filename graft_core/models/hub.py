"""One file of the Hugging Face hub, or of the mirror that HF_ENDPOINT names.

The hub's own client asks: it knows the user's token, which version of a file there is, its hash, and why a repository
refuses. The bytes come by our own download, which goes on where it broke off; the client begins again in every process.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from graft_core.models.download import CONNECT_S, SHA256, Arrived, MirrorError, disk_error, download, reachable
from graft_core.models.sources import HubFile

if TYPE_CHECKING:
    from huggingface_hub import HfFileMetadata

HUB = "https://huggingface.co"
GIT_SHA1 = re.compile(r"[0-9a-f]{40}")
"""What the hub states of files that are small enough to be kept in git itself."""
ANSWER_S = 2 * CONNECT_S
TRUE_WORDS = ("1", "on", "yes", "true")


def from_hub(source: HubFile, target: Path) -> Iterator[Arrived]:
    """Download one file of a model repository.

    HF_ENDPOINT, HF_HUB_OFFLINE and HF_TOKEN (or the token that ``hf auth login`` stored) are respected. A file in the
    hub's cache is the caller's business: ``WantedFile.locate`` finds it there.

    Raises:
        MirrorError: offline, no answer, a refusal with what to do about it, or another file than the published one.
        FetchError: the disk is full or not writable.
    """
    if _offline():
        raise MirrorError("HF_HUB_OFFLINE forbids it")
    from huggingface_hub import get_token, hf_hub_url

    endpoint, token = _endpoint(), get_token()
    url = hf_hub_url(source.repo, source.path, endpoint=endpoint)
    reachable(url)
    found = _ask(source, url, endpoint, token)
    stated = found.etag if found.etag and SHA256.fullmatch(found.etag) else None
    if source.sha256 and stated and stated != source.sha256:
        raise MirrorError(f"it offers another file now, of sha256 {stated[:12]}..., not {source.sha256[:12]}...")
    # By its commit, so that what is downloaded is what was asked about.
    pinned = hf_hub_url(source.repo, source.path, revision=found.commit_hash, endpoint=endpoint)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if source.sha256 or not (found.etag and GIT_SHA1.fullmatch(found.etag)):
        yield from download(pinned, target, sha256=source.sha256 or stated, headers=headers)
        return
    draft = target.with_name(f"{target.name}.unchecked")
    yield from download(pinned, draft, headers=headers)
    _accept(draft, target, found.etag)


def _accept(draft: Path, target: Path, stated: str) -> None:
    """Rename a file into place if git's hash of it is the one that the hub states; else remove it."""
    try:
        header = b"blob %d\0" % draft.stat().st_size
        with draft.open("rb") as stream:
            arrived = hashlib.file_digest(stream, lambda: hashlib.sha1(header, usedforsecurity=False)).hexdigest()
        if arrived == stated:
            os.replace(draft, target)
            return
        draft.unlink()
    except OSError as error:
        raise disk_error(target, error) from error
    raise MirrorError(f"what it gave has git's hash {arrived[:12]}..., not {stated[:12]}..., run it again")


def _ask(source: HubFile, url: str, endpoint: str, token: str | None) -> "HfFileMetadata":
    """Version, hash and size of a file; every refusal becomes half a sentence with the next step."""
    import httpx2
    from huggingface_hub import get_hf_file_metadata
    from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

    page = f"{endpoint}/{source.repo}"
    try:
        found = get_hf_file_metadata(url, token=token or False, endpoint=endpoint, timeout=ANSWER_S)
    except GatedRepoError:
        raise MirrorError(_gated(page, token)) from None
    except RepositoryNotFoundError:
        raise MirrorError(
            f"{page} does not exist or is private: check it in a browser, and for a private one {_sign_in()}"
        ) from None
    except EntryNotFoundError:
        raise MirrorError(f"it answers 404, {source.repo} has no file {source.path}") from None
    except HfHubHTTPError as error:
        status = error.response.status_code
        advice = f": your token is wrong or may not read this, {_sign_in()}" if status in (401, 403) else ""
        raise MirrorError(f"it answers {status} {error.response.reason_phrase}".rstrip() + advice) from None
    except httpx2.TimeoutException:
        raise MirrorError(f"no answer within {ANSWER_S:.0f} seconds") from None
    except httpx2.HTTPError as error:
        raise MirrorError(f"the connection failed ({error})") from None
    if found.commit_hash is None:
        raise MirrorError(f"{endpoint} does not answer as a hub does: check HF_ENDPOINT and the proxy")
    return found


def _gated(page: str, token: str | None) -> str:
    """What to do about a repository whose owner wants a licence accepted."""
    if token:
        return f"it is gated, and your token's account has not been let in: open {page} and accept the licence there"
    return f"it is gated: open {page}, accept the licence there, then {_sign_in()}"


def _sign_in() -> str:
    return "set HF_TOKEN to a token of your account (or run `hf auth login`)"


def _endpoint() -> str:
    return (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")


def _offline() -> bool:
    """Whether the user forbids the network, as the hub's client reads it."""
    word = os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE") or ""
    return word.lower() in TRUE_WORDS
