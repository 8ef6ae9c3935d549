"""The program of a job with an encoder and a training that need no torch, and that a test can hold, break or make deaf.

It looks for files in the folder GRAFT_TEST: while there is ``hold``, it waits before the second batch or step; with
``break`` it raises an error there; with ``deaf`` it takes no notice of being told to stop. ``encoded`` gets a byte for
each tile, ``trained`` the number of each step. A training told to stop writes its checkpoint once ``write`` is there.
"""

import itertools
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np

from graft_core.errors import TrainError
from graft_core.models.encoder import LazyEncoder
from graft_core.serve import job_program, job_report, queue
from graft_core.serve.runs import folder_of
from graft_core.train.config import TrainConfig, config_table
from graft_core.train.metrics import StepRow, ValidationRow, append_row
from graft_core.types import F32, U8, Progress

ORDERS = Path(os.environ["GRAFT_TEST"])
HELD_BATCH = 1
STEPS = 4
count = itertools.count()


def encode_tiles(self: LazyEncoder, tiles: U8) -> F32:
    """Unit rows, all the same."""
    if next(count) == HELD_BATCH:
        wait()
    with (ORDERS / "encoded").open("a") as encoded:
        encoded.write("t" * len(tiles))
    time.sleep(1.2 * job_report.TELL_EVERY_S)  # a batch takes longer than the pause between two reports
    return np.full((len(tiles), self.spec.dim), self.spec.dim**-0.5, np.float32)


def train(config: TrainConfig, *, device: str, resume: bool) -> Iterator[Progress]:
    """Counts to four, in a folder as the real one has."""
    folder = folder_of(config.name)
    if folder.exists() and not resume:
        raise TrainError(f"There is a run {config.name} already.")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config_table(config)))
    checkpoint = folder / "checkpoint"
    first = int(checkpoint.read_text()) if checkpoint.exists() else 0
    append_row(folder, ValidationRow(first, 2.5, 0.375))
    step = first
    try:
        while step < STEPS:
            if step == first + HELD_BATCH:
                wait()
            with (ORDERS / "trained").open("a") as trained:
                trained.write(f"{step} on {device}\n")
            step += 1
            append_row(folder, StepRow(step, 3.0, 1e-3, 10.0, 1.0))
            time.sleep(1.2 * job_report.TELL_EVERY_S)
            yield Progress(step, STEPS, "steps", 1.0, first)
    except (KeyboardInterrupt, GeneratorExit):  # wherever it was told, as the real one writes
        while not (ORDERS / "write").exists():
            time.sleep(0.02)
        checkpoint.write_text(str(step))
        raise


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
    stand_in = ModuleType("graft_core.train.run")
    stand_in.train = train  # type: ignore[attr-defined]
    sys.modules["graft_core.train.run"] = stand_in
    queue.device_of = lambda wanted: "cpu" if wanted in (None, "auto") else wanted  # a machine with every device
    job_program.NICER = 0  # a test that steps back waits for every other program of the machine
    sys.exit(job_program.main(Path(sys.argv[1])))
