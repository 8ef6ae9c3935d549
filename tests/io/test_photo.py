from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from graft_core.io.photo import PhotoTags, write_photo


def degrees(parts: tuple[float, float, float], reference: str) -> float:
    value = float(parts[0]) + float(parts[1]) / 60 + float(parts[2]) / 3600
    return -value if reference in "SW" else value


@pytest.mark.parametrize(("lon", "lat"), [(12.3456789, 45.0000001), (-0.0301234, -0.0929999), (179.9999999, -89.5)])
def test_another_program_reads_where_and_when_a_photo_was_taken(tmp_path: Path, lon: float, lat: float) -> None:
    path = tmp_path / "photo.jpg"
    pixels = np.full((24, 32, 3), (200, 120, 40), np.uint8)
    write_photo(path, pixels, PhotoTags(lon, lat, 271.5, 4.0, datetime(2024, 7, 5, 9, 30, 1)))
    with Image.open(path) as image:
        exif = image.getexif()
        place = exif.get_ifd(ExifTags.IFD.GPSInfo)
        taken = exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal]
        assert np.abs(np.asarray(image).astype(int) - pixels).max() < 12
    found_lon = degrees(place[ExifTags.GPS.GPSLongitude], place[ExifTags.GPS.GPSLongitudeRef])
    found_lat = degrees(place[ExifTags.GPS.GPSLatitude], place[ExifTags.GPS.GPSLatitudeRef])
    assert (found_lon, found_lat) == pytest.approx((lon, lat), abs=1e-8)  # a millimetre
    assert float(place[ExifTags.GPS.GPSImgDirection]) == 271.5
    assert taken == "2024:07:05 09:30:01"
