"""The experiments as data: each compares like with like, and every row says what it does."""

from dataclasses import asdict, fields

import pytest

from graft_core.evaluate.experiment_sets import draws_of, held_out_draws, training_draws
from graft_core.evaluate.experiments import (
    ERRORS_M,
    EXPERIMENTS,
    HELD_OUT_WORLDS,
    SCALES,
    SEED_STRIDE,
    TRAINING_WORLDS,
    Experiment,
    Setting,
)

SHIPPED_WORLDS = {7, 8, 9, *range(1000, 1048), 2000, 2001, 2002}


@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=list(EXPERIMENTS))
def test_rows_are_told_apart_by_label_and_by_setting(experiment: Experiment) -> None:
    labels = [row.label for row in experiment.rows]
    assert len(set(labels)) == len(labels) >= 3
    settings = [row.setting for row in experiment.rows]
    assert all(settings.count(setting) == 1 for setting in settings)
    assert bool(experiment.axis) == all(row.x is not None for row in experiment.rows)
    assert all(text.rstrip()[-1] in ".?" for text in (experiment.question, experiment.method))


VARIED = {
    "towers": {"level", "lengthened"},
    "geotag-error": {"level", "taking"},
    "photos-per-tile": {"photos_per_tile"},
    "losses": {"loss"},
    "resolutions": {"sensors", "lengthened"},
    "architectures": {"start", "lengthened"},
    "captions": {"targets"},
    "distractors": {"taking"},
}


def test_rows_differ_in_nothing_but_what_is_asked() -> None:
    assert set(EXPERIMENTS) == set(VARIED)
    for name, experiment in EXPERIMENTS.items():
        settings = [row.setting for row in experiment.rows]
        varied = {each.name for each in fields(Setting) if len({str(getattr(s, each.name)) for s in settings}) > 1}
        assert varied == VARIED[name]


@pytest.mark.parametrize(("name", "field"), [("geotag-error", "geotag_error_m"), ("distractors", "distractor_share")])
def test_photos_are_taken_in_one_way_but_for_what_is_asked(name: str, field: str) -> None:
    takings = [asdict(row.setting.taking) for row in EXPERIMENTS[name].rows]
    rest = {tuple((key, value) for key, value in taking.items() if key != field) for taking in takings}
    assert len(rest) == 1


def test_no_world_is_both_trained_on_and_judged_by_and_none_is_a_shipped_one() -> None:
    scale, setting = SCALES["full"], Setting(sensors=("naip", "sentinel2"))
    trained = {each.world for seed in range(5) for each in training_draws(setting, scale, seed)}
    judged = {each.world for seed in range(5) for each in held_out_draws("naip", scale, seed)}
    assert len(trained) == 5 * scale.worlds
    assert len(judged) == 5 * scale.held_out
    assert not trained & judged
    assert not (trained | judged) & SHIPPED_WORLDS
    assert max(scale.worlds, scale.held_out) < SEED_STRIDE
    assert HELD_OUT_WORLDS - TRAINING_WORLDS >= 10 * SEED_STRIDE


def test_a_set_that_several_rows_need_is_drawn_once() -> None:
    experiment, scale = EXPERIMENTS["geotag-error"], SCALES["full"]
    wanted = draws_of(experiment, scale, [(row.setting, 0) for row in experiment.rows])
    assert len(wanted) == len(ERRORS_M) * scale.worlds + scale.held_out
    assert len({each.file for each in wanted}) == len(wanted)
