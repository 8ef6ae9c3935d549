"""The bytes of a cloud-optimised GeoTIFF: tiles encoded as they come, directories in front, small overviews first.

GDAL can write such a file only from a finished raster, decoding and encoding everything once more (a third of the
speed), and with its threads a full disk goes unnoticed. Here each tile is encoded once and every byte goes through
Python's own file calls, which report a failure. GDAL still writes the tags: a template of one tile is made in memory
and its directory is taken over. Layout: TIFF 6.0; BigTIFF above 4 GiB; GDAL's header that announces the order.
"""

import struct
from collections import deque
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graft_core.io.pyramid import BLOCK, Piece, Pixels, Pyramid

ZSTD_LEVEL = 1
"""Level 3 takes 1.5 to 2.5 times as long for files that are 0 to 8 % smaller."""
CLASSIC_LIMIT = 1 << 32
"""Bytes from which offsets need 64 bits."""
_QUEUE = 12
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 16: 8, 17: 8, 18: 8}
_LONG, _LONG8 = 4, 16
_SUBFILE, _WIDTH, _HEIGHT, _TILE_OFFSETS, _TILE_SIZES = 254, 256, 257, 324, 325
_ONLY_FULL_SIZE = {33550, 33922, 34264, 34735, 34736, 34737, 42112}
"""Georeferencing and GDAL's metadata: overviews inherit them."""
_REDUCED = 1
_LEAD, _LAST = np.uint64(4), np.uint64(4)
_FRAME = _LEAD + _LAST
"""Bytes before and behind every tile: its size, and its last four bytes again (GDAL's mark of an untouched file)."""
_ANNOUNCED = (
    b"LAYOUT=IFDS_BEFORE_DATA\nBLOCK_ORDER=ROW_MAJOR\nBLOCK_LEADER=SIZE_AS_UINT4\n"
    b"BLOCK_TRAILER=LAST_4_BYTES_REPEATED\nKNOWN_INCOMPATIBLE_EDITION=NO\n "
)
"""GDAL's structural header (its COG driver's documentation): one range request holds every tag, the next one tiles."""

Table = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Field:
    """One entry of a TIFF directory."""

    kind: int
    """TIFF field type, for example 3 for SHORT."""
    count: int
    """Values in it."""
    raw: bytes
    """The values, little-endian."""


Directory = Mapping[int, Field]


def encode_tile(pixels: Pixels) -> bytes:
    """(S, h, w) samples of one tile -> ZSTD bytes of a full 512 x 512 tile behind TIFF's predictor for the dtype.

    Floats (S must be 1) go byte plane by byte plane, predictor 3; integers by difference to the left, predictor 2.
    """
    height, width = pixels.shape[1:]
    if (height, width) != (BLOCK, BLOCK):
        pixels = np.pad(pixels, ((0, 0), (0, BLOCK - height), (0, BLOCK - width)), mode="edge")
    predicted = _predict_float(pixels[0]) if pixels.dtype.kind == "f" else _predict_integer(pixels)
    codec = pa.Codec("zstd", compression_level=ZSTD_LEVEL)
    return bytes(codec.compress(predicted, asbytes=True))


def _predict_float(pixels: Pixels) -> npt.NDArray[np.uint8]:
    size = pixels.dtype.itemsize
    octets = np.ascontiguousarray(pixels).view(np.uint8).reshape(BLOCK, BLOCK, size)
    planes = np.empty((BLOCK, size, BLOCK), np.uint8)
    for i in range(size):
        planes[:, i] = octets[:, :, size - 1 - i]  # most significant first
    return _difference(planes.reshape(BLOCK, size * BLOCK))


def _predict_integer(pixels: Pixels) -> Pixels:
    return _difference(np.ascontiguousarray(np.moveaxis(pixels, 0, -1)))  # (512, 512, S)


def _difference(rows: Pixels) -> Pixels:
    out = np.empty_like(rows)
    out[:, 0] = rows[:, 0]
    np.subtract(rows[:, 1:], rows[:, :-1], out=out[:, 1:])  # wraps around, as TIFF wants
    return out


class TileSpool:
    """Encoded tiles of one raster, one file a level, in the order they came; encoding runs on ``threads`` threads."""

    def __init__(self, folder: Path, pyramid: Pyramid, planes: int, threads: int) -> None:
        self.pyramid = pyramid
        self._folder = folder
        self._planes = planes
        self._waiting: deque[tuple[int, int, Future[bytes]]] = deque()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="cog")
        self._files: list[BinaryIO] = [self.path(level).open("xb") for level in range(pyramid.levels)]
        self.offsets = [self._table(level) for level in range(pyramid.levels)]
        """Per level (planes x tiles,): where each tile begins in its file."""
        self.sizes = [self._table(level) for level in range(pyramid.levels)]
        """Per level (planes x tiles,): encoded bytes of each tile."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        for file in self._files:
            file.close()

    def path(self, level: int) -> Path:
        """The spool file of a level."""
        return self._folder / f"level{level}.tiles"

    def add(self, piece: Piece) -> None:
        """Encode a tile in the background and write what is ready; raises OSError when the disk is full."""
        rows, cols = self.pyramid.tiles(piece.level)
        samples = len(piece.pixels) // self._planes
        for plane in range(self._planes):
            position = (plane * rows + piece.row) * cols + piece.col
            chosen = piece.pixels[plane * samples : (plane + 1) * samples]
            self._waiting.append((piece.level, position, self._pool.submit(encode_tile, chosen)))
        self._drain(_QUEUE)

    def close(self) -> None:
        """Write what is still being encoded and close the files; the tables are complete afterwards."""
        self._drain(0)
        for file in self._files:
            file.close()

    def _drain(self, keep: int) -> None:
        while len(self._waiting) > keep:
            level, position, encoded = self._waiting.popleft()
            data = encoded.result()
            self.offsets[level][position] = self._files[level].tell()
            self.sizes[level][position] = len(data)
            self._files[level].write(data)

    def _table(self, level: int) -> Table:
        rows, cols = self.pyramid.tiles(level)
        return np.zeros(self._planes * rows * cols, np.uint64)


def assemble(path: Path, template: bytes, spool: TileSpool) -> None:
    """Write the final file: header, directories from large to small, then tiles from the smallest overview up.

    ``spool`` must be closed. Each tile stands between its size and its last four bytes repeated, as announced.
    """
    tags = read_directory(template)
    lengths = [int((sizes + _FRAME).sum()) for sizes in spool.sizes]
    big = sum(lengths) + len(_head(tags, spool.sizes, spool.pyramid, big=False)) >= CLASSIC_LIMIT
    with path.open("xb") as out:
        out.write(_head(tags, spool.sizes, spool.pyramid, big=big))
        for level in reversed(range(spool.pyramid.levels)):
            with spool.path(level).open("rb") as tiles:
                for offset, size in zip(spool.offsets[level], spool.sizes[level], strict=True):
                    tiles.seek(int(offset))
                    data = tiles.read(int(size))
                    out.write(struct.pack("<I", len(data)) + data + data[-4:])


def read_directory(tiff: bytes) -> dict[int, Field]:
    """The first directory of a little-endian classic TIFF."""
    order, version, start = struct.unpack_from("<2sHI", tiff)
    if order != b"II" or version != 42:
        raise ValueError("the template must be a little-endian classic TIFF")
    (count,) = struct.unpack_from("<H", tiff, start)
    fields = {}
    for i in range(count):
        entry = start + 2 + 12 * i
        tag, kind, values = struct.unpack_from("<HHI", tiff, entry)
        length = _TYPE_BYTES[kind] * values
        (offset,) = struct.unpack_from("<I", tiff, entry + 8)
        at = entry + 8 if length <= 4 else offset
        fields[tag] = Field(kind, values, tiff[at : at + length])
    return fields


def _head(tags: Directory, sizes: list[Table], pyramid: Pyramid, *, big: bool) -> bytes:
    """Everything before the first tile; its own length decides the offsets in it, so it is laid out twice."""
    starts = [np.cumsum(level + _FRAME) - level - _LAST for level in sizes]  # of each tile, from its level's first byte
    blank = _lay_out([_level_tags(tags, pyramid, i, starts[i], sizes[i], big) for i in range(len(sizes))], big=big)
    at = len(blank)
    for level in reversed(range(len(sizes))):
        starts[level] += np.uint64(at)
        at += int((sizes[level] + _FRAME).sum())
    return _lay_out([_level_tags(tags, pyramid, i, starts[i], sizes[i], big) for i in range(len(sizes))], big=big)


def _level_tags(tags: Directory, pyramid: Pyramid, level: int, offsets: Table, sizes: Table, big: bool) -> Directory:
    height, width = pyramid.shape(level)
    fields = {tag: field for tag, field in tags.items() if level == 0 or tag not in _ONLY_FULL_SIZE}
    if level > 0:
        fields[_SUBFILE] = _numbers([_REDUCED], _LONG)
    fields[_WIDTH], fields[_HEIGHT] = _numbers([width], _LONG), _numbers([height], _LONG)
    fields[_TILE_OFFSETS] = _numbers(offsets, _LONG8 if big else _LONG)
    fields[_TILE_SIZES] = _numbers(sizes, _LONG)
    return fields


def _numbers(values: Iterable[Any], kind: int) -> Field:
    array = np.asarray(values).astype("<u8" if kind == _LONG8 else "<u4")
    return Field(kind, array.size, array.tobytes())


def _lay_out(directories: list[Directory], *, big: bool) -> bytes:
    ghost = b"GDAL_STRUCTURAL_METADATA_SIZE=%06d bytes\n" % len(_ANNOUNCED) + _ANNOUNCED
    ghost += b"\0" * (len(ghost) % 2)
    start = (16 if big else 8) + len(ghost)
    head = struct.pack("<2sHHHQ", b"II", 43, 8, 0, start) if big else struct.pack("<2sHI", b"II", 42, start)
    out = bytearray(head + ghost)
    for i, fields in enumerate(directories):
        out += _pack(fields, len(out), last=i == len(directories) - 1, big=big)
    return bytes(out)


def _pack(fields: Directory, at: int, *, last: bool, big: bool) -> bytes:
    """One directory with its long values behind it, to stand at byte ``at``, linked to the directory right after it."""
    entry, counter, inline = ("<HHQ8s", "<Q", 8) if big else ("<HHI4s", "<H", 4)
    pointer = "<Q" if big else "<I"
    table_bytes = struct.calcsize(counter) + len(fields) * struct.calcsize(entry) + struct.calcsize(pointer)
    values = bytearray()
    table = bytearray(struct.pack(counter, len(fields)))
    for tag, field in sorted(fields.items()):
        value = field.raw
        if len(value) > inline:
            value = struct.pack(pointer, at + table_bytes + len(values))
            values += field.raw + b"\0" * (-len(field.raw) % 8)
        table += struct.pack(entry, tag, field.kind, field.count, value)
    following = at + table_bytes + len(values)
    following += -following % 2
    table += struct.pack(pointer, 0 if last else following)
    return bytes(table + values).ljust(following - at, b"\0")
