"""A run that is small enough for a test: what is written, what is kept, what is measured."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from graft_core.errors import ExportError, TrainError
from graft_core.evaluate.experiment_run import find_experiment, find_scale, read_runs, results_path, run_experiment
from graft_core.evaluate.experiment_sets import HeldOut
from graft_core.evaluate.experiment_trial import measure, schedule, start_tower
from graft_core.evaluate.experiments import EXPERIMENTS, SCALES, Experiment, Row, Setting
from graft_core.models.graft import SatelliteTower
from graft_core.models.preprocess import Normalize
from graft_core.models.registry import load_encoder

SCALE = replace(SCALES["small"], places=3, tiles=6, steps=2, batch=3)
TEACHER = Row("teacher", Setting(lengthened=0))
ROWS = (TEACHER, Row("pixels", Setting(level="patch")), Row("cnn", Setting(start="cnn", patch_dropout=0)))
SMALL = Experiment("test", "Test", "Which?", "So.", ROWS)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def run(experiment: Experiment, out: Path, cache: Path, seeds: int = 1) -> dict[str, int]:
    """How much was done of each unit."""
    steps = list(run_experiment(experiment, SCALE, seeds, out, cache, device="cpu", workers=1))
    return {step.unit: step.done - step.resumed for step in steps}


def test_every_row_is_trained_measured_and_written_down(tmp_path: Path, cache: Path) -> None:
    assert run(SMALL, tmp_path, cache)["encoders"] == 3
    results = read_runs(tmp_path / "test-small.json")
    assert [each["row"] for each in results["runs"]] == ["teacher", "pixels", "cnn"]
    assert [each["steps"] for each in results["runs"]] == [0, 2, 2]
    figures = [each["figures"] for each in results["runs"]]
    assert set(figures[0]) == set(figures[1]) == {"top1", "map_at_20", "miou"}
    assert set(figures[2]) == {"top1", "map_at_20"}
    assert results["scale"]["steps"] == 2


def test_a_killed_run_goes_on_with_the_rows_it_lacks(tmp_path: Path, cache: Path) -> None:
    work = run_experiment(SMALL, SCALE, 1, tmp_path, cache, device="cpu", workers=1)
    while next(work).unit == "worlds":
        pass
    work.close()
    first = read_runs(tmp_path / "test-small.json")["runs"]
    assert len(first) == 1
    assert run(SMALL, tmp_path, cache) == {"encoders": 2}
    results = read_runs(tmp_path / "test-small.json")["runs"]
    assert first[0] in results
    assert len(results) == 3
    assert run(SMALL, tmp_path, cache) == {}


def test_rows_made_in_another_way_are_made_again(tmp_path: Path, cache: Path) -> None:
    one = replace(SMALL, rows=(TEACHER,))
    assert run(one, tmp_path, cache)["encoders"] == 1
    changed = replace(one, rows=(Row("teacher", Setting(lengthened=0, photos_per_tile=1)),))
    assert run(changed, tmp_path, cache)["encoders"] == 1
    path = tmp_path / "test-small.json"
    stored = json.loads(path.read_text())
    path.write_text(json.dumps(stored | {"teacher": "another"}))
    assert run(changed, tmp_path, cache)["encoders"] == 1


def test_a_seed_decides_everything(tmp_path: Path, cache: Path) -> None:
    one = replace(SMALL, rows=(Row("random", Setting(start="random")),))
    figures = []
    for folder in ("a", "b"):
        run(one, tmp_path / folder, cache)
        figures.append(read_runs(tmp_path / folder / "test-small.json")["runs"][0]["figures"])
    assert figures[0] == figures[1]


def test_what_is_no_result_is_named(tmp_path: Path) -> None:
    for text in ("nothing", "[]", '{"runs": [{"row": 1}]}'):
        (tmp_path / "test-small.json").write_text(text)
        with pytest.raises(TrainError, match=r"test-small\.json holds no results of an experiment"):
            list(run_experiment(SMALL, SCALE, 1, tmp_path, tmp_path))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match="Cannot make the folder"):
        list(run_experiment(SMALL, SCALE, 1, tmp_path / "file" / "out", tmp_path))


def test_worlds_are_drawn_once_and_kept_by_teacher(tmp_path: Path, cache: Path) -> None:
    run(replace(SMALL, rows=(TEACHER,)), tmp_path, cache)
    (kept,) = cache.iterdir()
    assert kept.name == load_encoder("demo-teacher").spec.key
    assert "worlds" not in run(replace(SMALL, rows=ROWS[1:]), tmp_path, cache)


def test_experiments_and_scales_have_names() -> None:
    assert find_experiment("losses") is EXPERIMENTS["losses"]
    with pytest.raises(TrainError, match="no experiment 'loses'; choose from towers, "):
        find_experiment("loses")
    with pytest.raises(TrainError, match="no scale 'huge'; choose from small, full"):
        find_scale("huge")


def test_a_small_run_never_takes_the_place_of_a_full_one() -> None:
    small, full = (results_path(Path("out"), SMALL, SCALES[scale]) for scale in ("small", "full"))
    assert (small.name, full.name) == ("test-small.json", "test.json")


def test_rows_share_their_schedule_but_for_what_they_vary() -> None:
    usual, longer = schedule(Setting(), SCALE, 3), schedule(Setting(lengthened=3), SCALE, 3)
    assert (usual.steps, usual.batch, usual.seed) == (2, 3, 3)
    assert longer.steps == 6
    assert replace(longer, steps=2, warmup=usual.warmup, log_every=2) == usual


@pytest.mark.parametrize("level", ["tile", "patch"])
def test_figures_of_a_tower_that_knows_the_answer(level: str) -> None:
    """Each tile is one class all over, and the words are what the tower says of the first tile of each class."""
    teacher = load_encoder("demo-teacher", device="cpu")
    tower = start_tower(Setting(level=level), teacher, 0).eval()  # type: ignore[arg-type]
    assert isinstance(tower, SatelliteTower)
    tiles = np.random.default_rng(0).integers(0, 256, (4, 128, 128, 3), dtype=np.uint8)
    tiles[:2], tiles[2] = tiles[0], 40
    labels = np.repeat([0, 0, 1, 2], 128 * 128).reshape(4, 128, 128)
    normalize = Normalize(teacher.spec.mean, teacher.spec.std)
    with torch.inference_mode():
        said = tower(normalize(torch.from_numpy(tiles).permute(0, 3, 1, 2).float() / 255))
    rows = said.numpy() if level == "tile" else said.mean(dim=(1, 2)).numpy()
    words = np.zeros((22, 128), np.float32)
    words[:3] = rows[[0, 2, 3]] / np.linalg.norm(rows[[0, 2, 3]], axis=1, keepdims=True)
    found = measure(tower, normalize, HeldOut(tiles, labels.astype(np.int64)), words, torch.device("cpu"))
    assert (found["top1"], found["map_at_20"]) == (1, 1)
    assert 0 <= found["miou"] <= 1
    assert tower.visual.output_tokens == (level == "patch")
