"""The program of a job with an encoder that needs no torch, and that a test can hold, break or make deaf.

It looks for files in the folder GRAFT_TEST: while there is ``hold``, it waits before the second batch; with ``break``
it raises an error there; with ``deaf`` it takes no notice of being told to stop. ``encoded`` gets a byte for each tile.
"""

import itertools
import os
import sys
import time
from pathlib import Path

import numpy as np

from graft_core.models.encoder import LazyEncoder
from graft_core.serve import job_program
from graft_core.types import F32, U8

ORDERS = Path(os.environ["GRAFT_TEST"])
HELD_BATCH = 1
count = itertools.count()


def encode_tiles(self: LazyEncoder, tiles: U8) -> F32:
    """Unit rows, all the same."""
    if next(count) == HELD_BATCH:
        wait()
    with (ORDERS / "encoded").open("a") as encoded:
        encoded.write("t" * len(tiles))
    time.sleep(1.2 * job_program.TELL_EVERY_S)  # a batch takes longer than the pause between two reports
    return np.full((len(tiles), self.spec.dim), self.spec.dim**-0.5, np.float32)


def wait() -> None:
    while (ORDERS / "hold").exists():
        try:
            time.sleep(0.02)
        except KeyboardInterrupt:
            if not (ORDERS / "deaf").exists():
                raise
    if (ORDERS / "break").exists():
        raise RuntimeError("the tiles are upside down\nand more that nobody wants to read")


if __name__ == "__main__":
    LazyEncoder.encode_tiles = encode_tiles  # type: ignore[method-assign]
    job_program.NICER = 0  # a test that steps back waits for every other program of the machine
    sys.exit(job_program.main(Path(sys.argv[1])))
