"""A raster written by a thread, so that whoever waits for it hears how far it is and may stop it."""

import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor, wait

from graft_core.types import Progress

REPORT_S = 0.2
"""Seconds between two reports."""


class _StoppedError(Exception):
    """Raised inside the writing thread when nobody waits for the raster any more."""


class Meter:
    """What the writer tells."""

    def __init__(self) -> None:
        self.drawn = 0
        """Pixels so far."""
        self.stop = threading.Event()
        """Set when the writer should give up."""

    def add(self, pixels: int) -> None:
        """Count pixels; the writer ends here when nobody waits any more."""
        if self.stop.is_set():
            raise _StoppedError
        self.drawn += pixels


def in_background(write: Callable[[Meter], None], pixels: int) -> Generator[Progress, None, None]:
    """Run a writer that counts its pixels; closing the generator stops it.

    Args:
        write: writes the file, whole or not at all.
        pixels: how many it will count.

    Yields:
        Progress in pixels.

    Raises:
        Whatever the writer raised.
    """
    meter, started = Meter(), time.monotonic()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="write-raster") as thread:
        written = thread.submit(write, meter)
        try:
            while not wait([written], timeout=REPORT_S).done:
                yield Progress(meter.drawn, pixels, "pixels", time.monotonic() - started)
        finally:
            meter.stop.set()
        written.result()
    yield Progress(pixels, pixels, "pixels", time.monotonic() - started)
