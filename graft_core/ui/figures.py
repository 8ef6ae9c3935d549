"""Figures for people: bytes, metres, seconds."""

import math
import shutil
from pathlib import Path


def size_text(count: float) -> str:
    """Bytes, in the unit that leaves one to three digits before the point."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def extent_text(width: float, height: float) -> str:
    """Metres of a scene's sides, in kilometres from one kilometre on."""
    if max(width, height) < 1000:
        return f"{width:.0f} x {height:.0f} m"
    digits = max(0, 1 - math.floor(math.log10(max(width, height) / 1000)))
    return f"{width / 1000:.{digits}f} x {height / 1000:.{digits}f} km"


def area_text(square_metres: float) -> str:
    """An area in square metres, hectares from one on, square kilometres from ten on; three digits at least."""
    if square_metres < 10_000:
        return f"{square_metres:,.0f} m²"
    hectares = square_metres / 10_000
    if hectares < 1000:
        return f"{hectares:,.{2 if hectares < 10 else 1 if hectares < 100 else 0}f} ha"
    return f"{hectares / 100:,.1f} km²"


def time_text(seconds: float) -> str:
    """A span of time as a person would say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 36 * 3600 else f"{seconds / 86400:.0f} days"


def free_memory(device: str) -> int | None:
    """Bytes that are free on a GPU, or for a process on the CPU; None where the system does not say."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info(device)[0])
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable")), None)


def free_bytes(folder: Path) -> int:
    """Room on the disk that a folder is on, or will be."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(there).free
