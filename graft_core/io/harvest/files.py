"""Photos onto disk: whole files only, each picture once, a few at a time."""

import hashlib
import shutil
import time
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from graft_core.errors import PhotoError
from graft_core.io.atomic import replacing
from graft_core.io.harvest.found import FoundPhoto, Provider
from graft_core.io.harvest.journal import Journal, Outcome
from graft_core.io.harvest.web import LatePhotoError, LostPhotoError, RefusedPhotoError
from graft_core.io.photo import BadPhotoError, decode_photo
from graft_core.types import Progress

COPY = "copy of another photo"
LATE = "did not come, run again to try once more"
LATE_IN_A_ROW = 3
"""Photos that do not come one after the other, each after some waiting: the service, or the network, is down."""
REFUSED_IN_A_ROW = 30
"""Photos that are refused one after the other, which costs no waiting: the service has had enough of us."""
_DECODED_PX = 224
_DAMAGED_TRIES = 2
_ROUNDS = 2
"""Photos of one chunk for each that is downloaded at a time; a stop waits for what is left of one."""
_TELLING = 20
"""Photos on disk whose mean size is believed more than the service's usual one."""


def photo_name(photo: str) -> str:
    """Name of a photo's file, whatever characters a service uses in its ids."""
    plain = photo if photo.isascii() and photo.isalnum() else hashlib.sha256(photo.encode()).hexdigest()[:32]
    return f"{plain}.jpg"


def bytes_left(photos: Sequence[FoundPhoto], done: dict[str, Outcome], usual: int) -> int:
    """Bytes that the photos still to come will take, about."""
    sizes = [outcome.bytes for outcome in done.values() if not outcome.reason]
    mean = sum(sizes) / len(sizes) if len(sizes) >= _TELLING else usual
    return int(mean * sum(photo.id not in done or done[photo.id].reason == LATE for photo in photos))


def check_room(folder: Path, needed: int) -> None:
    """Refuse what does not fit.

    Raises:
        PhotoError: the disk has less room.
    """
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise PhotoError(
            f"The photos need about {needed / 1e9:.1f} GB and {folder} has {free / 1e9:.1f} GB left; free some space, "
            "put the table elsewhere, or limit the photos to fewer."
        )


def fetch_photos(
    provider: Provider, photos: Sequence[FoundPhoto], journal: Journal, folder: Path
) -> Generator[Progress, None, dict[str, Outcome]]:
    """Download what is not there yet; by id what became of every photo.

    A photo that does not come is tried again by every later run, after all others. It counts as a sign that the
    service is down only once: some never come, and would else keep all others from coming.

    Raises:
        PhotoError: nothing comes any more, or the service refuses.
        ExportError: the disk is full or not writable.
    """
    started = time.monotonic()
    before = journal.outcomes()
    late = {photo for photo, each in before.items() if each.reason == LATE}
    outcomes = {
        photo: each for photo, each in before.items() if photo not in late and (each.reason or _is_there(photo, folder))
    }
    first_of = {outcome.sha256: photo for photo, outcome in outcomes.items() if not outcome.reason}
    pending = sorted((photo for photo in photos if photo.id not in outcomes), key=lambda photo: photo.id in late)
    known, in_a_row, why = len(photos) - len(pending), list[LatePhotoError](), ""
    step = _ROUNDS * provider.at_once
    pool = ThreadPoolExecutor(provider.at_once)
    try:
        for start in range(0, len(pending), step):
            chunk = pending[start : start + step]
            for photo, got in zip(chunk, pool.map(lambda each: _got(provider, each), chunk), strict=True):
                outcome = _settled(got, photo, first_of, folder)
                journal.add_outcome(photo.id, outcome)
                outcomes[photo.id] = outcome
                if not isinstance(got, LatePhotoError):
                    in_a_row.clear()
                    continue
                why = str(got)
                if photo.id not in late:
                    in_a_row.append(got)
                    if _down(in_a_row):
                        raise _nothing_comes(provider, why)
            done = known + start + len(chunk)
            yield Progress(done, len(photos), "photos", time.monotonic() - started, resumed=known)
    finally:
        pool.shutdown(cancel_futures=True)
    wanted = {photo.id: outcomes[photo.id] for photo in photos}
    if wanted and all(outcome.reason == LATE for outcome in wanted.values()):
        raise _nothing_comes(provider, why)
    return wanted


def _down(in_a_row: Sequence[LatePhotoError]) -> bool:
    """Whether photos that did not come one after the other tell of the service rather than of themselves."""
    refused = sum(isinstance(each, RefusedPhotoError) for each in in_a_row)
    return refused >= REFUSED_IN_A_ROW or len(in_a_row) - refused >= LATE_IN_A_ROW


def _nothing_comes(provider: Provider, why: str) -> PhotoError:
    return PhotoError(
        f"The photos of {provider.title} do not come any more ({why}); run the same command again later to go on: "
        "what was downloaded stays."
    )


def _is_there(photo: str, folder: Path) -> bool:
    """Whether a photo that was downloaded still lies where it was put."""
    return (folder / photo_name(photo)).is_file()


def _got(provider: Provider, photo: FoundPhoto) -> bytes | Exception:
    """The bytes of a photo that can be decoded, or why there are none."""
    problem: LostPhotoError | BadPhotoError
    for _ in range(_DAMAGED_TRIES):
        try:
            data = provider.image(photo)
            decode_photo(data, _DECODED_PX)
        except LostPhotoError as error:
            return error
        except BadPhotoError as error:
            problem = error
        else:
            return data
    return problem


def _settled(got: bytes | Exception, photo: FoundPhoto, first_of: dict[str, str], folder: Path) -> Outcome:
    """What became of a photo, which is written unless its bytes are there already."""
    if isinstance(got, LatePhotoError):
        return Outcome("", 0, LATE)
    if not isinstance(got, bytes):
        return Outcome("", 0, got.reason if isinstance(got, BadPhotoError) else str(got))
    digest = hashlib.sha256(got).hexdigest()
    if first_of.setdefault(digest, photo.id) != photo.id:
        return Outcome(digest, 0, COPY)
    with replacing(folder / photo_name(photo.id)) as draft:
        draft.write_bytes(got)
    return Outcome(digest, len(got), "")
