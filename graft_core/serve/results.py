"""Where jobs and pages leave the objects and label maps they made."""

from pathlib import Path

from graft_core import settings


def segments_dir() -> Path:
    """Folder of objects that were found and corrected."""
    return settings.tiles_dir() / "segments"


def classes_dir() -> Path:
    """Folder of label maps."""
    return settings.tiles_dir() / "classes"
