"""Ground photos as JPEG with the EXIF tags that say where, when and which way."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PIL import ExifTags, Image

from graft_core.types import U8

QUALITY = 90
_TIME_FORMAT = "%Y:%m:%d %H:%M:%S"


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
    exif[ExifTags.Base.DateTime] = tags.taken.strftime(_TIME_FORMAT)
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = tags.taken.strftime(_TIME_FORMAT)
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


def _degrees_minutes_seconds(degrees: float) -> tuple[float, float, float]:
    """Whole degrees, whole minutes, and seconds to a tenth of a millimetre on the ground or so."""
    minutes, seconds = divmod(round(abs(degrees) * 3600, 5), 60)
    whole, minutes = divmod(minutes, 60)
    return whole, minutes, seconds
