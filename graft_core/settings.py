"""Where things live on disk, read from the environment when asked, never at import."""

import os
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent


def tiles_dir() -> Path:
    """Folder of scenes and indexes: GRAFT_TILES, else ``tiles/`` beside app.py."""
    return Path(os.environ.get("GRAFT_TILES") or PROJECT_ROOT / "tiles")


def indexes_dir() -> Path:
    """Folder of the embedding tables, one per encoder key."""
    return tiles_dir() / "indexes"


def patches_dir() -> Path:
    """Folder of the cached patch embeddings of all encoders."""
    return tiles_dir() / "patches"


def weights_dir() -> Path:
    """Folder of fetched weights: GRAFT_WEIGHTS, else ``graft-explorer/weights`` in the user's cache folder."""
    configured = os.environ.get("GRAFT_WEIGHTS")
    if configured:
        return Path(configured)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "graft-explorer" / "weights"


def shipped_weights_dir() -> Path:
    """Folder of the demo world's weights, part of the package."""
    return Path(__file__).resolve().parent / "weights"
