"""A run is watched, stopped, killed and resumed, and ends as an encoder that can be asked."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from graft_core import settings
from graft_core.errors import ModelError, SceneError, TrainError
from graft_core.models.card import read_card
from graft_core.models.registry import load_encoder
from graft_core.train.config import TrainConfig
from graft_core.train.metrics import read_metrics
from graft_core.train.pairs.table import read_pairs
from graft_core.train.run import run_folder, train
from graft_core.types import Progress

Configured = Callable[..., TrainConfig]


def steps_of(work: Iterator[Progress]) -> Iterator[int]:
    return (progress.done for progress in work if progress.unit == "steps")


def finish(config: TrainConfig, *, resume: bool = False) -> list[int]:
    return list(steps_of(train(config, device="cpu", resume=resume)))


def checkpoint(name: str, step: int) -> dict[str, torch.Tensor]:
    return load_file(run_folder(name) / "checkpoints" / f"step-{step:08d}.safetensors")


def test_a_run_ends_as_an_encoder_that_can_be_asked(configured: Configured) -> None:
    config = configured()
    assert finish(config) == list(range(9))
    encoder = load_encoder("small")
    assert (encoder.spec.sensor, encoder.spec.level, encoder.spec.gsd) == ("naip", "tile", 1.0)
    tiles = np.random.default_rng(0).integers(0, 255, (2, 128, 128, 3), dtype=np.uint8)
    rows, word = encoder.encode_tiles(tiles), encoder.encode_texts(["a lake"])
    assert rows.shape == (2, word.shape[1])
    assert np.abs(rows - load_encoder("demo-teacher").encode_tiles(tiles)).max() > 1e-3  # it was trained
    told = read_card(settings.weights_dir() / "small").provenance
    assert told["data"]["tiles"] + told["data"]["validation_tiles"] > 20
    assert told["validation"]["loss"] < told["before"]["loss"]
    assert told["config"]["optimizer"]["steps"] == 8


def test_a_pixel_level_run_ends_as_an_encoder_of_patches(configured: Configured) -> None:
    finish(configured(level="patch"))
    tiles = np.zeros((1, 128, 128, 3), np.uint8)
    assert load_encoder("small").encode_tiles(tiles).shape == (1, 8, 8, 128)


def test_curves_are_on_disk_while_it_runs(configured: Configured) -> None:
    config = configured()
    work = steps_of(train(config, device="cpu"))
    assert next(work) == 0
    assert [row.step for row in read_metrics(run_folder("small")).validations] == [0]
    while next(work) < 4:
        pass
    told = read_metrics(run_folder("small"))
    assert [row.step for row in told.steps] == [2, 4]
    assert [row.step for row in told.validations] == [0, 4]
    assert told.steps[0].tiles_per_second > 0
    assert list((run_folder("small") / "tensorboard").glob("events*"))


def test_a_run_that_was_left_goes_on_to_the_same_bits(configured: Configured) -> None:
    whole, parted = configured(name="whole"), configured(name="parted")
    finish(whole)
    for step in steps_of(train(parted, device="cpu")):
        if step == 3:
            break  # between two checkpoints, as a closed page would
    assert finish(parted, resume=True) == [3, 4, 5, 6, 7, 8]
    one, other = checkpoint("whole", 8), checkpoint("parted", 8)
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert (settings.weights_dir() / "whole.safetensors").read_bytes() == (
        settings.weights_dir() / "parted.safetensors"
    ).read_bytes()


def test_a_run_that_was_killed_goes_on_from_its_last_checkpoint(configured: Configured) -> None:
    whole, killed = configured(name="whole"), configured(name="killed")
    finish(whole)
    finish(killed)
    folder = run_folder("killed") / "checkpoints"
    (folder / "step-00000008.safetensors").unlink()  # as if the power had gone before it
    assert finish(killed, resume=True) == [4, 5, 6, 7, 8]
    assert all(torch.equal(value, checkpoint("killed", 8)[name]) for name, value in checkpoint("whole", 8).items())
    told = read_metrics(run_folder("killed"))
    assert [row.step for row in told.steps] == [2, 4, 6, 8]  # what was told twice stands there once
    assert [row.text for row in told.events] == ["Resumed at step 4."]


def test_a_damaged_checkpoint_is_passed_over(configured: Configured) -> None:
    config = configured()
    finish(config)
    newest = run_folder("small") / "checkpoints" / "step-00000008.safetensors"
    newest.write_bytes(newest.read_bytes()[:1000])
    assert finish(config, resume=True)[0] == 4


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_finishes_its_step_and_keeps_it(configured: Configured, number: signal.Signals) -> None:
    before = signal.getsignal(number)
    work = steps_of(train(configured(), device="cpu"))
    assert [next(work) for _ in range(3)] == [0, 1, 2]
    os.kill(os.getpid(), number)
    assert next(work) == 3  # it says how far it came
    with pytest.raises(KeyboardInterrupt):
        next(work)
    assert checkpoint("small", 3)
    assert signal.getsignal(number) is before
    assert finish(configured(), resume=True)[0] == 3


def test_a_run_can_be_made_from_another_thread(configured: Configured) -> None:
    done: list[list[int]] = []
    thread = threading.Thread(target=lambda: done.append(finish(configured())))
    thread.start()
    thread.join()
    assert done[0][-1] == 8


def test_the_best_weights_are_kept_and_no_gain_stops_early(configured: Configured) -> None:
    config = configured(
        optimizer={"steps": 60, "learning_rate": 0.3, "warmup": 0}, run={"validate_every": 1, "patience": 2}
    )
    done = finish(config)
    told = read_metrics(run_folder("small"))
    assert done[-1] < 60
    assert told.events[-1].text.startswith("Stopped early")
    best = min(told.validations, key=lambda row: row.loss)
    assert read_card(settings.weights_dir() / "small").provenance["step"] == best.step
    assert best.step == told.validations[-3].step


def test_a_loss_that_is_no_number_stops_with_the_last_good_checkpoint(
    configured: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    from graft_core.train import graft

    loss, calls = graft.graft_loss, []

    def spoiled(*arguments: object) -> torch.Tensor:
        calls.append(1)
        return loss(*arguments) * (float("inf") if len(calls) > 5 else 1.0)  # type: ignore[arg-type]

    monkeypatch.setattr(graft, "graft_loss", spoiled)
    with pytest.raises(TrainError, match="last good checkpoint is that of step 4"):
        finish(configured())
    assert all(torch.isfinite(value).all() for name, value in checkpoint("small", 4).items() if "tower" in name)
    assert not (settings.weights_dir() / "small.json").exists()


def test_a_run_is_not_started_twice_by_mistake(configured: Configured) -> None:
    finish(configured())
    with pytest.raises(TrainError, match="run 'small' already, at step 8"):
        finish(configured())
    with pytest.raises(TrainError, match="model 'demo-teacher' already"):
        finish(configured(name="demo-teacher"))


def test_a_resumed_run_may_take_longer_and_not_become_another_encoder(configured: Configured) -> None:
    finish(configured())
    assert finish(configured(optimizer={"steps": 10}), resume=True) == [8, 9, 10]
    with pytest.raises(TrainError, match="level = 'tile', and 'patch' is asked for"):
        finish(configured(level="patch"), resume=True)


def test_more_parts_that_were_asked_for_are_not_taken_for_a_lack_of_memory(configured: Configured) -> None:
    finish(configured())
    finish(configured(optimizer={"steps": 10, "accumulate": 2}), resume=True)
    assert [row.text for row in read_metrics(run_folder("small")).events] == ["Resumed at step 8."]


def test_resuming_what_never_began_begins(configured: Configured) -> None:
    assert finish(configured(), resume=True)[0] == 0


def test_a_scene_that_changed_is_named(configured: Configured, copied: Callable[[], Path]) -> None:
    folder = copied()
    (folder / "naip.tif").write_bytes((folder / "naip.tif").read_bytes() + b" ")
    (settings.weights_dir() / "tiles").unlink()  # tiles that were cut before would do
    with pytest.raises(SceneError, match=r"naip\.tif has changed"):
        finish(configured(pairs=[str(folder / "pairs.parquet")]))


def test_photos_that_are_gone_are_left_out_and_told(configured: Configured, copied: Callable[[], Path]) -> None:
    folder = copied()
    gone = read_pairs(folder / "pairs.parquet").photos[:5]
    for photo in gone:
        Path(photo).unlink()
    finish(configured(pairs=[str(folder / "pairs.parquet")]))
    told = read_metrics(run_folder("small")).events[0].text
    assert told.startswith("5 photos cannot be read any more")
    assert gone[0] in told


def test_two_tables_are_learned_from_together(configured: Configured, place: Path, copied: Callable[[], Path]) -> None:
    finish(configured(pairs=[str(place / "pairs.parquet"), str(copied() / "pairs.parquet")]))
    told = read_card(settings.weights_dir() / "small").provenance["data"]
    finish(configured(name="one"))
    assert told["tiles"] == 2 * read_card(settings.weights_dir() / "one").provenance["data"]["tiles"]


def test_a_teacher_without_a_photo_tower_is_refused(configured: Configured) -> None:
    with pytest.raises(ModelError, match="no photo tower"):
        finish(configured(teacher="graft-demo-naip"))
