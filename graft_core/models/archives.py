"""One file out of an archive: nothing else is unpacked, and no setup code is run."""

import os
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path, PurePosixPath
from typing import IO

from graft_core.models.download import MirrorError, disk_error
from graft_core.models.sources import ArchiveMember, ZipMember

LARGEST_MEMBER = 1 << 33
"""Bytes; the largest known, a checkpoint of ViT-L-14 with its optimiser's state, has about 5 GB."""
BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)


def extract_member(archive: Path, source: ArchiveMember | ZipMember, target: Path) -> None:
    """Copy one regular file out of an archive, whole and with the right hash, or not at all.

    Raises:
        MirrorError: the archive is damaged or does not hold the file; it is removed.
        FetchError: the disk is full or not writable.
    """
    part = target.with_name(f"{target.name}.part")
    try:
        with _member(archive, source) as stream, part.open("wb") as copy:
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
    except BROKEN as error:
        archive.unlink(missing_ok=True)
        raise MirrorError("the archive is damaged, run it again") from error
    except OSError as error:
        raise disk_error(target, error) from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _member(archive: Path, source: ArchiveMember | ZipMember) -> Iterator[IO[bytes]]:
    """The file inside, open for reading."""
    if isinstance(source, ZipMember):
        with zipfile.ZipFile(archive) as folder, folder.open(_in_zip(folder, source.member)) as stream:
            yield stream
        return
    with tarfile.open(archive, "r:gz") as members:
        member = next((one for one in members if one.name.partition("/")[2] == source.member and one.isfile()), None)
        if member is None or member.size > LARGEST_MEMBER:
            raise MirrorError(f"it has no file {source.member}")
        opened = members.extractfile(member)
        if opened is None:
            raise MirrorError(f"{source.member} cannot be read from it")
        yield opened


def _in_zip(folder: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    """The one file of that name, in whatever folder of the archive; macOS adds shadows of its own."""
    found = [
        one
        for one in folder.infolist()
        if PurePosixPath(one.filename).name == name and not one.is_dir() and not one.filename.startswith("__MACOSX/")
    ]
    if len(found) != 1 or found[0].file_size > LARGEST_MEMBER:
        raise MirrorError(f"it has no file {name}" if not found else f"it has {len(found)} files {name}, or a huge one")
    return found[0]
