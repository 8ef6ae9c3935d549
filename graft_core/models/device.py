"""Where towers run, and in which precision."""

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from graft_core.errors import ModelError


def pick_device(wanted: str = "auto") -> torch.device:
    """``auto`` is the first GPU, or the CPU where there is none; any other name is a device of torch's."""
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wanted)
    except RuntimeError as error:
        raise ModelError(f"{wanted!r} is not a device: write 'auto', 'cpu' or 'cuda'.") from error
    if device.type == "cuda" and (not torch.cuda.is_available() or (device.index or 0) >= torch.cuda.device_count()):
        raise ModelError(f"This machine has no GPU {wanted!r} that torch can use: choose 'auto' or 'cpu'.")
    return device


def hardware_name(device: torch.device) -> str:
    """What a card calls the device."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"{_processor()}, {threads} thread{'s' * (threads > 1)}"


def _processor() -> str:
    """The processor's name; Linux gives it in a file only."""
    told = Path("/proc/cpuinfo")
    if told.exists():
        for line in told.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return f"CPU {platform.processor() or platform.machine()}"


@contextmanager
def inference(device: torch.device) -> Iterator[None]:
    """No gradients anywhere; bfloat16 autocast on a GPU, float32 elsewhere.

    A CPU without matrix units is slower in bfloat16, and attention's fast path is closed under autocast.
    """
    with torch.inference_mode():
        if device.type == "cuda":
            with torch.autocast("cuda", dtype=torch.bfloat16):
                yield
        else:
            yield
