"""How often questions are answered rightly: what counts, what does not, and against what it is measured."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from four_colors import four_colors, geobox
from known_encoder import KnownEncoder

from graft_core.ask.grammar_planner import GrammarPlanner
from graft_core.ask.planner import Plan
from graft_core.errors import QuestionError
from graft_core.evaluate.answer_scores import EXACT, Answer, Scoring
from graft_core.evaluate.questions import AskedArea, Question
from graft_core.evaluate.rsvqa import RsvqaImage, RsvqaSet
from graft_core.evaluate.vqa import Answered, answer_all, evaluate_rsvqa, evaluate_vqa, figures, figures_over
from graft_core.io.geotiff import write_raster
from graft_core.io.scene import Scene, open_scene


class Typist:
    """A planner whose questions are programs; it refuses those that begin with a question mark."""

    def plan(self, question: str) -> Plan:
        if question.startswith("?"):
            raise QuestionError("no program")
        return Plan(question, "typist")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    path = tmp_path / "four.tif"
    write_raster(path, four_colors(), geobox(), descriptions=("red", "green", "blue"), photometric="rgb")
    return open_scene(path)


@pytest.fixture
def answers(scene: Scene, tmp_path: Path) -> Callable[..., list[Answered]]:
    """What is answered about the four colours, or the north of them."""

    def ask(*questions: Question, north: bool = False) -> list[Answered]:
        area = scene.geobox[: scene.geobox.shape[0] // 2].extent if north else None
        encoder = KnownEncoder(level="patch", tile_px=32)
        return answer_all(scene, [AskedArea(area, questions)], encoder, tmp_path / "patches", Typist())

    return ask


def asked(text: str, truth: Answer, family: str = "presence", scoring: Scoring = EXACT) -> Question:
    return Question(text, family, truth, scoring)


def answered(family: str, truth: Answer, answer: Answer | None, *, refused: bool = False) -> Answered:
    return Answered(Question("", family, truth, EXACT), answer, refused)


def test_answers_are_held_against_the_truth(answers: Callable[..., list[Answered]]) -> None:
    red = 'exists(find(scene, "red"))'
    right, wrong = answers(asked(red, True), asked(red, False))
    assert (right.answer, right.right) == (True, True)
    assert (wrong.answer, wrong.right) == (True, False)


def test_questions_are_asked_of_their_own_place(answers: Callable[..., list[Answered]]) -> None:
    blue = asked('exists(find(scene, "blue"))', False)
    assert [each.right for each in answers(blue, north=True)] == [True]
    assert [each.right for each in answers(blue)] == [False]


def test_refusal_and_doubt_are_wrong_answers_of_two_kinds(answers: Callable[..., list[Answered]]) -> None:
    refused, nonsense, unsure = answers(
        asked("? who lives here", False),
        asked('exists(find(scene, "+"))', False),
        asked('share(find(scene, "magenta"), "red")', 0.0, "share"),
    )
    assert [each.right for each in (refused, nonsense, unsure)] == [False] * 3
    assert [each.refused for each in (refused, nonsense, unsure)] == [True, True, False]
    found = figures([refused, nonsense, unsure, answered("presence", True, True)])
    assert (found["overall"], found["refused"], found["cannot_tell"]) == (0.25, 0.5, 0.25)


def test_figures_are_by_family_and_against_the_commonest_answer() -> None:
    found = figures(
        [
            answered("presence", True, True),
            answered("presence", True, False),
            answered("presence", False, False),
            answered("count", 2.0, 2.0),
            answered("count", 3.0, 2.0),
        ]
    )
    assert found["families"] == {"count": 0.5, "presence": pytest.approx(2 / 3, abs=1e-3)}
    assert found["baseline_families"] == {"count": 0.5, "presence": pytest.approx(2 / 3, abs=1e-3)}
    assert found["questions_of_families"] == {"count": 2, "presence": 3}
    assert (found["overall"], found["baseline"], found["exact_counts"], found["questions"]) == (0.6, 0.6, 0.5, 5)
    assert found["average"] == pytest.approx((0.5 + 2 / 3) / 2, abs=1e-3)


def test_how_sure_answers_were_stands_beside_how_many_were_right(answers: Callable[..., list[Answered]]) -> None:
    def said(sure: float, answer: bool | None) -> Answered:
        return Answered(Question("", "presence", True, EXACT), answer, sure=sure)

    found = figures([said(0.4, False), said(0.7, True), said(0.8, False), said(1.0, True), said(0.0, None)])
    assert found["by_sureness"] == {
        "0-0.5": {"answers": 1, "sure": 0.4, "right": 0.0},
        "0.7-0.9": {"answers": 2, "sure": 0.75, "right": 0.5},
        "0.9-1": {"answers": 1, "sure": 1.0, "right": 1.0},
    }
    (seen,) = answers(asked('exists(find(scene, "red"))', True))
    assert 0.5 < seen.sure <= 1


def test_spread_is_that_of_the_worlds() -> None:
    one = [answered("presence", True, True)] * 3 + [answered("count", 1.0, 1.0)]
    other = [answered("presence", True, False), answered("presence", True, True)]
    found = figures_over([one, other])
    assert found["overall"] == pytest.approx(5 / 6, abs=1e-4)
    assert found["spread"]["overall"] == pytest.approx(np.std([1.0, 0.5], ddof=1), abs=1e-4)
    assert found["spread"]["families"] == {"count": 0.0, "presence": pytest.approx(0.3536, abs=1e-4)}
    assert "spread" not in figures_over([one])


def test_questions_about_a_world_are_answered_better_than_by_the_commonest_answer() -> None:
    told: list[str] = []
    found = evaluate_vqa([11], told.append, GrammarPlanner(), side_px={"naip": 768}, per_family=2)
    own = found["sensors"]["naip"]
    assert own["encoder"] == "graft-demo-naip-patch"
    assert list(found["sensors"]) == ["naip"]
    assert found["families"] == own["families"]
    assert len(found["families"]) >= 7
    assert all(0 <= each <= 1 for each in found["families"].values())
    assert found["overall"] > found["baseline"] > 0.2
    assert told


def test_images_of_rsvqa_are_asked_about_whole(tmp_path: Path, scene: Scene) -> None:
    text = "share(scene, 'forest + desert + lake + downtown') <= 1"
    of = RsvqaImage(Path(scene.source), (asked(text, True), asked("?", True)))
    found = evaluate_rsvqa([RsvqaSet("XX_split_test", 0.5, (of,))], lambda _: None, Typist())
    split = found["XX_split_test"]
    assert (split["encoder"], split["images"], split["questions"]) == ("graft-demo-naip-patch", 1, 2)
    assert (split["overall"], split["refused"], split["baseline"]) == (0.5, 0.5, 1.0)
