"""Images of a catalogue made scenes: used where they are, or fetched; what broke off goes on where it broke."""

import time
from collections.abc import Generator, Iterator
from pathlib import Path

from graft_core.errors import ImageryError, SceneError
from graft_core.io.imagery.asset import Asset
from graft_core.io.imagery.composite import composite_reader
from graft_core.io.imagery.draft import fetch_raster
from graft_core.io.imagery.in_place import write_reference
from graft_core.io.imagery.item import ImageryItem
from graft_core.io.imagery.one_fetch import fetching_into
from graft_core.io.imagery.record import origin, write_file_record, write_window_record
from graft_core.io.imagery.remote import Attempts, lasting_path, patiently
from graft_core.io.imagery.sas_token import SasTokens
from graft_core.io.imagery.window import Read, masked_reader, window_reader
from graft_core.io.imagery.window_grid import window_corner
from graft_core.models.download import MirrorError, WrongHashError, download
from graft_core.tasks.imagery_plan import Piece, Plan, address, require_room
from graft_core.types import Progress

WINDOW_BLOCK_PX, MEDIAN_BLOCK_PX = 1024, 512
"""Sides of the blocks that are read together; a median holds all its dates of one in memory."""
_REFUSED = (401, 403)
_GONE = (400, 404, 410)


def get_imagery(plan: Plan, *, attempts: Attempts | None = None) -> Generator[Progress, None, tuple[Path, ...]]:
    """Do what was planned; the files that are scenes now, in the order of the plan.

    A scene that is there already is left as it is. What an earlier call had fetched of a scene is not fetched again.

    Args:
        plan: what is to be done.
        attempts: how often to try again, after growing pauses, before giving up.

    Yields:
        Progress in bytes, or in scenes where nothing is fetched.

    Raises:
        ImageryError: no room, another process is at it, or a file is not given, however often it is tried.
        SceneError: a file that is to be used where it is cannot be opened, however often it is tried.
        ExportError, FetchError: the disk is full or not writable.
    """
    attempts = attempts or Attempts()
    require_room(plan)
    counter = _Counter(plan)
    with fetching_into(plan.folder):
        yield counter.step(0)
        for piece in plan.pieces:
            if not piece.there:
                yield from _get(plan, piece, attempts, counter)
                counter.finish(piece)
                yield counter.step(0)
    return tuple(piece.target for piece in plan.pieces)


class _Counter:
    """Progress over all pieces of a plan."""

    def __init__(self, plan: Plan) -> None:
        self._scenes = plan.how == "place"
        self._total = len(plan.pieces) if self._scenes else plan.fetched_bytes
        self._base = sum(piece.there for piece in plan.pieces) if self._scenes else 0
        self._resumed = self._base
        self._started = time.monotonic()

    def resume(self, count: int) -> None:
        """So many bytes were there from an earlier call."""
        self._resumed += count

    def step(self, done: int) -> Progress:
        """Where the work is, ``done`` bytes into the present piece."""
        unit = "scenes" if self._scenes else "bytes"
        at = min(self._base + done, self._total)
        return Progress(at, self._total, unit, time.monotonic() - self._started, min(self._resumed, at))

    def finish(self, piece: Piece) -> None:
        """A piece is there."""
        self._base += 1 if self._scenes else piece.bytes


def _get(plan: Plan, piece: Piece, attempts: Attempts, counter: _Counter) -> Iterator[Progress]:
    first = piece.items[0]
    fields = origin(piece.items, plan.how, plan.area, plan.clear)
    if piece.geobox is not None:
        yield from _window(plan, piece, attempts, counter)
        write_window_record(piece.record, piece.target, piece.items, fields)
        return
    if plan.how == "place":

        def write(_: bool) -> None:
            write_reference(piece.target, first, piece.target.stem, lambda asset: lasting_path(first.item, asset))

        patiently(write, attempts)
    else:
        yield from _whole(piece, attempts, counter)
        if piece.target.suffix == ".vrt":
            here = {asset.href: str(path.resolve()) for asset, path, _ in piece.files}
            write_reference(piece.target, first, piece.target.stem, lambda asset: here[asset.href])
    write_file_record(piece.record, piece.target, first, fields)


def _window(plan: Plan, piece: Piece, attempts: Attempts, counter: _Counter) -> Iterator[Progress]:
    layout = piece.layout
    block = MEDIAN_BLOCK_PX if plan.how == "median" else WINDOW_BLOCK_PX
    # Blocks along those of the files: one that is cut in two is fetched twice.
    begins = window_corner(piece.items[0], layout.geobox)
    steps = fetch_raster(piece.target, layout, _reader(plan, piece, attempts), _key(plan, piece), block, begins)
    try:
        for count, (done, blocks) in enumerate(steps):
            share = piece.bytes * done // blocks
            if count == 0:
                counter.resume(share)
            yield counter.step(share)
    except SceneError as error:
        reason = str(error).partition(";")[0]
        raise ImageryError(
            f"{piece.target.name} is not complete: {reason}; what is here already is kept, so run it again to go on."
        ) from error


def _reader(plan: Plan, piece: Piece, attempts: Attempts) -> Read:
    if plan.how == "median":
        return composite_reader(piece.items, attempts)
    return (masked_reader if plan.clear else window_reader)(piece.items[0], attempts)


def _key(plan: Plan, piece: Piece) -> str:
    """What decides the values of a window: another grid, image or file must not be gone on with."""
    parts = [plan.how, str(plan.clear), repr(piece.geobox), repr(sorted(piece.layout.tags.items()))]
    parts += [asset.href for each in piece.items for asset in each.item.files.values()]
    return "\n".join(parts)


def _whole(piece: Piece, attempts: Attempts, counter: _Counter) -> Iterator[Progress]:
    item, tokens = piece.items[0].item, SasTokens(piece.items[0].item.catalog.token_url)
    before = 0
    for asset, path, size in piece.files:
        if path.is_file():
            counter.resume(size)
        else:
            first = True
            for arrived, resumed in _download(item, asset, path, tokens, attempts):
                if first:
                    counter.resume(resumed)
                first = False
                yield counter.step(before + arrived)
        before += size
        yield counter.step(before)


def _download(
    item: ImageryItem, asset: Asset, path: Path, tokens: SasTokens, attempts: Attempts
) -> Iterator[tuple[int, int]]:
    """Fetch one file, patiently: bytes there, and bytes that were there at the beginning of this attempt.

    An attempt that brings more than any before it begins the counting of failures anew; a refusal asks for another
    token first. A file that is another than the catalogue says is fetched once more.
    """
    failures, renewed, farthest, wrong = 0, False, 0, False
    while True:
        begun = -1
        try:
            for arrived in download(address(item, asset, tokens), path, sha256=asset.sha256):
                begun = arrived.resumed if begun < 0 else begun
                if arrived.done > farthest:
                    failures, renewed, farthest = 0, False, arrived.done
                yield arrived.done, begun
            return
        except WrongHashError as error:
            if wrong:
                raise ImageryError(
                    f"{asset.href} is not the file that {item.catalog.url} describes (file:checksum), twice now; get a "
                    "window of it, or choose another image."
                ) from error
            wrong = True
        except MirrorError as error:
            if error.status in _REFUSED and item.catalog.token_url and not renewed:
                tokens.forget(item.product.collection)
                renewed = True
                continue
            failures += 1
            if error.status in _GONE or failures >= attempts.most:
                reason = str(error).partition(",")[0]
                raise ImageryError(
                    f"{asset.href} does not arrive ({reason}); what is here already is kept, so run it again to go on."
                ) from error
            attempts.wait(failures)
