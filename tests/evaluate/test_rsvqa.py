"""RSVQA's files become questions with true answers, and broken ones are named."""

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graft_core.errors import QuestionError
from graft_core.evaluate.answer_scores import BAND, EXACT, Answer, Scoring
from graft_core.evaluate.questions import Question
from graft_core.evaluate.rsvqa import load_rsvqa, scored_answer
from graft_core.io.scene import open_scene


def image(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "res_x": "10m", "active": True} | more


def question(number: int, of: int, text: str = "Is a road present?", **more: Any) -> dict[str, Any]:
    entry = {"id": number, "img_id": of, "type": "presence", "question": text, "answers_ids": [number], "active": True}
    return entry | more


def answer(number: int, text: str = "yes", **more: Any) -> dict[str, Any]:
    return {"id": number, "question_id": number, "answer": text, "active": True} | more


@pytest.fixture
def write_set(tmp_path: Path) -> Callable[..., Path]:
    """Write a set of one question about one image, or with other entries."""

    def write(**entries: Any) -> Path:
        (tmp_path / "Images").mkdir(exist_ok=True)
        (tmp_path / "Images" / "5.tif").write_bytes(b"")
        files = {"images": [image(5)], "questions": [question(1, of=5)], "answers": [answer(1)]} | entries
        for what, content in files.items():
            if content is not None:
                text = content if isinstance(content, str) else json.dumps({what: content})
                (tmp_path / f"XX_{what}.json").write_text(text)
        return tmp_path

    return write


def test_real_mini_set_is_read_whole(shared_data: Path) -> None:
    sets = {each.name: each for each in load_rsvqa(shared_data / "rsvqa")}
    assert {name: (len(each.images), each.questions) for name, each in sets.items()} == {
        "LR_split_test": (4, 400),
        "LR_split_train": (3, 300),
        "LR_split_val": (5, 500),
        "USGS_split_test": (3, 300),
        "USGS_split_test_phili": (2, 201),
        "USGS_split_train": (4, 400),
        "USGS_split_val": (3, 300),
    }
    assert {each.sensor for name, each in sets.items() if name.startswith("LR")} == {"sentinel2"}
    assert {each.sensor for name, each in sets.items() if name.startswith("USGS")} == {"naip"}
    asked = [each for image in sets["LR_split_test"].images for each in image.questions]
    assert Counter(each.family for each in asked) == {"comp": 151, "count": 124, "presence": 121, "rural_urban": 4}
    assert asked[0] == Question("Is it a rural or an urban area", "rural_urban", "rural", EXACT)


def test_folder_of_one_resolution_is_enough(shared_data: Path) -> None:
    assert [each.gsd for each in load_rsvqa(shared_data / "rsvqa" / "RSVQA-HR")] == [0.1524] * 4


def test_images_have_their_true_size_on_the_ground(shared_data: Path) -> None:
    """Their headers are in Web Mercator, 1.3 to 1.6 times too large here."""
    for each in load_rsvqa(shared_data / "rsvqa"):
        scene = open_scene(each.images[0].path, sensor=each.sensor)
        assert scene.gsd == pytest.approx(each.gsd, rel=0.02)


def test_only_active_entries_count(write_set: Callable[..., Path]) -> None:
    folder = write_set(
        images=[image(5), {"id": 6, "active": False}],
        questions=[question(1, of=5), question(2, of=6, active=False)],
        answers=[answer(1, "no", active=False), answer(3, "yes"), answer(2, "no", active=False)],
    )
    with pytest.raises(QuestionError, match=r"Question 1 of .* has no active answer"):
        load_rsvqa(folder)
    (folder / "XX_answers.json").write_text(json.dumps({"answers": [answer(1, "no"), answer(1, "yes", active=False)]}))
    (one,) = load_rsvqa(folder)
    assert [(each.path.name, len(each.questions)) for each in one.images] == [("5.tif", 1)]
    assert one.images[0].questions[0].truth is False


@pytest.mark.parametrize(
    ("text", "coarse", "truth", "scoring"),
    [
        ("yes", True, True, EXACT),
        ("No", False, False, EXACT),
        ("rural", True, "rural", EXACT),
        ("1419", True, 1419.0, BAND),
        ("12", False, 12.0, EXACT),
        ("6500m2", False, 6500.0, BAND),
        ("0m2", False, 0.0, BAND),
    ],
)
def test_answers_are_scored_as_rsvqa_does(text: str, coarse: bool, truth: Answer, scoring: Scoring) -> None:
    assert scored_answer(text, coarse=coarse) == (truth, scoring)
    assert type(scored_answer(text, coarse=coarse)[0]) is type(truth)


def test_folder_without_sets_is_named(tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match="holds no file"):
        load_rsvqa(tmp_path)
    with pytest.raises(QuestionError, match="There is no folder"):
        load_rsvqa(tmp_path / "nowhere")


@pytest.mark.parametrize("what", ["questions", "answers"])
def test_missing_file_is_named(write_set: Callable[..., Path], what: str) -> None:
    folder = write_set(**{what: None})
    with pytest.raises(QuestionError, match=f"XX_{what}.json' cannot be read"):
        load_rsvqa(folder)


def test_missing_image_is_named(write_set: Callable[..., Path]) -> None:
    folder = write_set()
    shutil.rmtree(folder / "Images")
    with pytest.raises(QuestionError, match=r"put 5\.tif below"):
        load_rsvqa(folder)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"questions": "{ not json"}, "XX_questions.json' is not JSON"),
        ({"answers": "[]"}, "XX_answers.json' is not JSON of RSVQA's form"),
        ({"images": '{"pictures": []}'}, "XX_images.json' is not JSON of RSVQA's form"),
        ({"questions": '{"questions": {"1": "why"}}'}, "no list of objects"),
        ({"questions": '{"questions": ["why"]}'}, "no list of objects"),
        ({"questions": [question(1, of=9)]}, "image 9, which is not active"),
        ({"questions": [question(1, of=5, answers_ids=[])]}, "no active answer"),
        ({"questions": [question(1, of=5, answers_ids=None)]}, "no active answer"),
        ({"questions": [question(1, of=5, img_id="5")]}, 'no whole number as "img_id"'),
        ({"questions": [question(1, of=5, text=" ")]}, 'no text as "question"'),
        ({"answers": [answer(1, answer=3)]}, 'no text as "answer"'),
        ({"images": [image(5, res_x="coarse")]}, "no resolution in metres"),
        ({"images": [image(5, res_x="0m")]}, "no resolution in metres"),
        ({"images": [image(5), image(6, res_x=".15m")]}, "2 resolutions"),
        ({"images": [image(True)]}, 'no whole number as "id"'),
    ],
)
def test_malformed_file_is_told_with_what_is_wrong(
    write_set: Callable[..., Path], entries: dict[str, Any], said: str
) -> None:
    with pytest.raises(QuestionError, match=said):
        load_rsvqa(write_set(**entries))
