"""The command line as a program of its own that waits before a chosen batch of tiles, to be looked at or killed there.

``python paused_program.py BATCH READY GO WORDS...`` makes the file READY before it encodes batch BATCH (from 0), and
goes on once there is a file GO.
"""

import itertools
import sys
import time
from pathlib import Path

from graft_core.cli.main import main
from graft_core.models.encoder import LazyEncoder
from graft_core.types import F32, U8


def wait_before(batch: int, ready: Path, go: Path) -> None:
    """From now on encoding waits there."""
    encode, count = LazyEncoder.encode_tiles, itertools.count()

    def encode_tiles(self: LazyEncoder, tiles: U8) -> F32:
        if next(count) == batch:
            ready.touch()
            while not go.exists():
                time.sleep(0.02)
        return encode(self, tiles)

    LazyEncoder.encode_tiles = encode_tiles  # type: ignore[method-assign]


if __name__ == "__main__":
    wait_before(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
    main(sys.argv[4:])
