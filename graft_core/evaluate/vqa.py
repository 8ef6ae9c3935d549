"""How often questions are answered rightly: a planner over real scenes, against always giving the commonest answer."""

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from graft_core.ask.answer import ask
from graft_core.ask.planner import Planner
from graft_core.ask.scene_eyes import SceneEyes
from graft_core.errors import QueryError, QuestionError
from graft_core.evaluate.answer_scores import Answer, answer_of, commonest_answer, is_right
from graft_core.evaluate.class_maps import result
from graft_core.evaluate.contenders import choose_contenders
from graft_core.evaluate.questions import PER_FAMILY, AskedArea, Question, world_questions
from graft_core.evaluate.rsvqa import RsvqaSet
from graft_core.evaluate.worlds import SIDE_PX
from graft_core.io.geotiff import read_classes
from graft_core.io.scene import Scene, open_scene
from graft_core.tasks.patch_scores import patch_encoder
from graft_core.types import Encoder, SensorName
from graft_core.world.scenes import write_scene

Report = Callable[[str], None]
SURENESS = (0.0, 0.5, 0.7, 0.9, 1.0)
"""Limits between which answers that said they were this sure are looked at together."""


@dataclass(frozen=True)
class Answered:
    """A question with what was answered."""

    question: Question
    """What was asked."""
    answer: Answer | None
    """What was answered; None where there was no answer."""
    refused: bool = False
    """Whether the planner did not understand it, or what it looked for made no query; else no answer means "I cannot
    tell"."""
    sure: float = 0.0
    """How probable the answer said it was to be right."""

    @property
    def right(self) -> bool:
        """Whether the answer counts; none never does."""
        return is_right(self.question.truth, self.question.scoring, self.answer)


def evaluate_vqa(
    seeds: Sequence[int],
    report: Report,
    planner: Planner,
    *,
    encoders: Sequence[str] = (),
    sensors: Sequence[SensorName] = (),
    side_px: Mapping[SensorName, int] | None = None,
    per_family: int = PER_FAMILY,
) -> dict[str, Any]:
    """Ask generated questions about worlds that were not trained on, by both sensors.

    Args:
        seeds: the worlds; their questions are drawn by the same seeds.
        report: told what is being done.
        planner: who writes the programs.
        encoders: names or paths, in place of the default ones of their sensor and level.
        sensors: which to ask about; as `graft_core.evaluate.worlds.evaluate_worlds`.
        side_px: sides of the scenes; those of ``world`` unless given.
        per_family: questions of each family about each scene, at most.

    Returns:
        `figures` over all questions, and the same for each sensor under ``sensors``; with several worlds their spread.

    Raises:
        ModelError: an encoder is unknown or missing.
    """
    sides = SIDE_PX if side_px is None else side_px
    worlds: dict[int, list[Answered]] = {seed: [] for seed in seeds}
    by_sensor = {}
    for chosen in choose_contenders(encoders, sensors, tuple(sides)):
        encoder = chosen.pixel_level or chosen.image_tokens
        own = []
        for seed in seeds:
            report(f"{chosen.sensor}: questions about world {seed}")
            own.append(_world(chosen.sensor, seed, sides[chosen.sensor], encoder, planner, per_family))
            worlds[seed] += own[-1]
        by_sensor[chosen.sensor] = {"encoder": encoder.spec.name} | figures_over(own)
    return figures_over(list(worlds.values())) | {"sensors": by_sensor}


def evaluate_rsvqa(sets: Iterable[RsvqaSet], report: Report, planner: Planner) -> dict[str, Any]:
    """Ask the questions of RSVQA files about their images, each with the pixel-level encoder that suits it.

    Returns:
        `figures` of every set, by its name.

    Raises:
        SceneError: an image cannot be read.
        ModelError: an encoder is missing.
    """
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="graft-rsvqa-") as name:
        for each in sets:
            answered: list[Answered] = []
            names = set()
            for i, image in enumerate(each.images, start=1):
                report(f"{each.name}: image {i} of {len(each.images)}, {len(image.questions)} questions")
                scene = open_scene(image.path, sensor=each.sensor)
                encoder = patch_encoder(scene)
                names.add(encoder.spec.name)
                answered += answer_all(scene, [AskedArea(None, image.questions)], encoder, Path(name), planner)
            found[each.name] = {"encoder": ", ".join(sorted(names)), "images": len(each.images)} | figures(answered)
    return found


def answer_all(
    scene: Scene, areas: Iterable[AskedArea], encoder: Encoder, cache: Path, planner: Planner
) -> list[Answered]:
    """Ask every question of its own place; outlines are not refined.

    Args:
        scene: what the questions are about.
        areas: places in it, with their questions.
        encoder: of patch level.
        cache: folder of the patch embeddings.
        planner: who writes the programs.
    """
    answered = []
    for each in areas:
        eyes = SceneEyes(scene, encoder, cache, area=each.area)
        answered += [_answered(question, eyes, planner) for question in each.questions]
    return answered


def figures(answered: Sequence[Answered]) -> dict[str, Any]:
    """What was right, in all and by family, each also for always giving the commonest answer of the family.

    Questions without an answer are wrong: ``refused`` and ``cannot_tell`` say how many of all they are, in [0, 1].
    ``by_sureness`` holds how sure answers said they were against how many of them were right.
    """
    families = {name: [each for each in answered if each.question.family == name] for name in _families(answered)}
    commonest = {
        name: commonest_answer([(each.question.truth, each.question.scoring) for each in of])
        for name, of in families.items()
    }
    by_family = {name: _share([each.right for each in of]) for name, of in families.items()}
    return {
        "overall": _share([each.right for each in answered]),
        "average": round(float(np.mean(list(by_family.values()))), 4),
        "baseline": round(sum(commonest.values()) / len(answered), 4),
        "refused": _share([each.refused for each in answered]),
        "cannot_tell": _share([each.answer is None and not each.refused for each in answered]),
        "questions": len(answered),
        "families": by_family,
        "baseline_families": {name: round(commonest[name] / len(of), 4) for name, of in families.items()},
        "questions_of_families": {name: len(of) for name, of in families.items()},
        "by_sureness": _by_sureness([each for each in answered if each.answer is not None]),
    } | _exact_counts(families.get("count", []))


def figures_over(worlds: Sequence[Sequence[Answered]]) -> dict[str, Any]:
    """`figures` of the questions of all worlds together, with the spread (standard deviation) of the single ones."""
    found = figures([each for world in worlds for each in world])
    if len(worlds) > 1:
        single = [figures(world) for world in worlds]
        spread: dict[str, Any] = {"overall": _spread([each["overall"] for each in single])}
        spread["families"] = {
            name: _spread([each["families"][name] for each in single if name in each["families"]])
            for name in found["families"]
        }
        found["spread"] = spread
    return found


def _answered(question: Question, eyes: SceneEyes, planner: Planner) -> Answered:
    try:
        reply = result(ask(question.text, eyes, planner))
    except (QuestionError, QueryError):
        return Answered(question, None, refused=True)
    return Answered(question, answer_of(reply.value), sure=reply.sure)


def _world(
    sensor: SensorName, seed: int, side_px: int, encoder: Encoder, planner: Planner, per_family: int
) -> list[Answered]:
    with tempfile.TemporaryDirectory(prefix="graft-evaluate-") as name:
        folder = Path(name)
        write_scene(folder, sensor, seed, side_px)
        scene = open_scene(folder / f"{sensor}.tif")
        classes, _ = read_classes(folder / f"truth_{sensor}.tif")
        patch_px = encoder.spec.patch_px * encoder.spec.gsd / scene.gsd
        areas = world_questions(classes, scene.geobox, patch_px, seed, per_family)
        return answer_all(scene, areas, encoder, folder / "patches", planner)


def _families(answered: Sequence[Answered]) -> list[str]:
    return list(dict.fromkeys(sorted(each.question.family for each in answered)))


def _exact_counts(counted: Sequence[Answered]) -> dict[str, float]:
    """How many counts are right to the last one, whatever band they are scored by."""
    if not counted:
        return {}
    return {"exact_counts": _share([each.answer == each.question.truth for each in counted])}


def _by_sureness(answered: Sequence[Answered]) -> dict[str, dict[str, float]]:
    """Answers that were about equally sure: how many there are, how sure they were in the mean, the share right."""
    found = {}
    for low, high in pairwise(SURENESS):
        own = [each for each in answered if low <= each.sure < high or each.sure == high == SURENESS[-1]]
        if own:
            mean = round(float(np.mean([each.sure for each in own])), 4)
            found[f"{low:g}-{high:g}"] = {"answers": len(own), "sure": mean, "right": _share([e.right for e in own])}
    return found


def _share(flags: Sequence[bool]) -> float:
    return round(sum(flags) / len(flags), 4)


def _spread(values: Sequence[float]) -> float:
    return round(float(np.std(values, ddof=1)), 4) if len(values) > 1 else 0.0
