"""One ground photo: written as JPEG with the EXIF tags that say where, when and which way; read as RGB pixels."""

import io
import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from graft_core.errors import PhotoError
from graft_core.types import U8

QUALITY = 90
TIME_FORMAT = "%Y:%m:%d %H:%M:%S"
"""Of every moment in EXIF."""
_SPARE = 2
"""A photo is decoded at least this many times finer than it is asked for, so that resizing it has enough to average."""

_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
"""Of ISO 23008-12, as telephones write them."""

NOT_AN_IMAGE = "not an image"
DAMAGED = "damaged image"
HEIC = "HEIC, not JPEG"
MISSING = "no such file"
UNREADABLE = "unreadable file"


class BadPhotoError(PhotoError):
    """A photo that cannot be used; the others can."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        """The kind of problem, the same words for every photo that has it."""
        self.detail = detail
        """What is wrong with this one, and what to do."""


@dataclass(frozen=True)
class PhotoTags:
    """Where and when a photo was taken, as its EXIF says."""

    lon: float
    """Degrees east, WGS 84."""
    lat: float
    """Degrees north, WGS 84."""
    heading: float
    """Direction of view, degrees clockwise from true north."""
    error_m: float
    """Horizontal positioning error as the camera states it, metres."""
    taken: datetime
    """Local time of the exposure, without a zone as in EXIF."""


def write_photo(path: Path, pixels: U8, tags: PhotoTags) -> None:
    """Write (H, W, 3) RGB as JPEG with GPS position, heading, error and time (Exif 2.31, section 4.6.6)."""
    exif = Image.Exif()
    exif[ExifTags.Base.DateTime] = tags.taken.strftime(TIME_FORMAT)
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = tags.taken.strftime(TIME_FORMAT)
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {
            ExifTags.GPS.GPSLatitudeRef: "N" if tags.lat >= 0 else "S",
            ExifTags.GPS.GPSLatitude: _degrees_minutes_seconds(tags.lat),
            ExifTags.GPS.GPSLongitudeRef: "E" if tags.lon >= 0 else "W",
            ExifTags.GPS.GPSLongitude: _degrees_minutes_seconds(tags.lon),
            ExifTags.GPS.GPSImgDirectionRef: "T",
            ExifTags.GPS.GPSImgDirection: tags.heading,
            ExifTags.GPS.GPSMapDatum: "WGS-84",
            ExifTags.GPS.GPSHPositioningError: tags.error_m,
        }
    )
    Image.fromarray(pixels).save(path, "JPEG", quality=QUALITY, exif=exif)


def decode_photo(data: bytes, side: int) -> U8:
    """(H, W, 3) RGB of an encoded photo, upright; a large JPEG is decoded only as fine as ``side`` pixels need.

    Raises:
        BadPhotoError: the bytes are no image, or a damaged one.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            shrink = _SPARE * side / max(1, min(image.size))
            if shrink < 1:
                image.draft("RGB", (math.ceil(image.width * shrink), math.ceil(image.height * shrink)))
            return np.array(ImageOps.exif_transpose(image).convert("RGB"))
    except UnidentifiedImageError as error:
        raise no_image(data[:16]) from error
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise BadPhotoError(DAMAGED, f"it cannot be decoded ({error}); copy it again") from error


def no_image(start: bytes) -> BadPhotoError:
    """What to say of a file that begins with these bytes and is none that can be read."""
    if start[4:8] == b"ftyp" and start[8:12] in _HEIC_BRANDS:
        return BadPhotoError(HEIC, "convert it to JPEG")
    if not start:
        return BadPhotoError(NOT_AN_IMAGE, "the file is empty")
    return BadPhotoError(NOT_AN_IMAGE, "its content is no JPEG, PNG or WebP, whatever its name says")


def file_problem(error: OSError) -> BadPhotoError:
    """What to say of a file that cannot be opened."""
    if isinstance(error, FileNotFoundError):
        return BadPhotoError(MISSING, "check the path, or what the table says about its folder")
    return BadPhotoError(UNREADABLE, f"{error.strerror or error}")


def _degrees_minutes_seconds(degrees: float) -> tuple[float, float, float]:
    """Whole degrees, whole minutes, and seconds to a tenth of a millimetre on the ground or so."""
    minutes, seconds = divmod(round(abs(degrees) * 3600, 5), 60)
    whole, minutes = divmod(minutes, 60)
    return whole, minutes, seconds
