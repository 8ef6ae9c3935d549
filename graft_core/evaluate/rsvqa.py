"""Questions in the files of RSVQA (Lobry et al. 2020): images, questions and answers as JSON, and the images' GeoTIFFs.

A set is three files, ``NAME_images.json``, ``NAME_questions.json``, ``NAME_answers.json``; only active entries count.
The headers of the images are in Web Mercator, whose metres are not those of the ground; `open_scene` puts them right.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graft_core.errors import QuestionError
from graft_core.evaluate.answer_scores import BAND, EXACT, Answer, Scoring
from graft_core.evaluate.questions import Question
from graft_core.types import SensorName

_COARSE_M = 4.0
"""Metres per pixel from which a set is one of low resolution."""
_IMAGES = "_images.json"
_WHOLE = re.compile(r"\d+")
_AREA = re.compile(r"(\d+) ?m2")
_LENGTH = re.compile(r"(\d*\.?\d+) ?m")


@dataclass(frozen=True)
class RsvqaImage:
    """One image with its questions."""

    path: Path
    """GeoTIFF."""
    questions: tuple[Question, ...]
    """At least one."""


@dataclass(frozen=True)
class RsvqaSet:
    """One split, such as ``LR_split_test``."""

    name: str
    """What its files begin with."""
    gsd: float
    """Metres per pixel on the ground."""
    images: tuple[RsvqaImage, ...]
    """In the order of the file; those without a question are left out."""

    @property
    def sensor(self) -> SensorName:
        """Whose imagery it is like."""
        return "sentinel2" if self.gsd >= _COARSE_M else "naip"

    @property
    def questions(self) -> int:
        """How many there are."""
        return sum(len(each.questions) for each in self.images)


def load_rsvqa(folder: Path) -> list[RsvqaSet]:
    """All sets of a folder and of the folders in it, by name.

    Counts of sets of low resolution, and all areas, are right in the same band, as RSVQA scores them; counts of sets of
    high resolution to the last one.

    Raises:
        QuestionError: there is no set, a file is missing or malformed, or a question has no answer or no image.
    """
    if not folder.is_dir():
        raise QuestionError(f"There is no folder '{folder}'; give the one that holds RSVQA's JSON files.")
    found = sorted([*folder.glob(f"*{_IMAGES}"), *folder.glob(f"*/*{_IMAGES}")], key=lambda path: path.name)
    if not found:
        raise QuestionError(f"'{folder}' holds no file *{_IMAGES}; give the folder of RSVQA's JSON files.")
    return [_set(path) for path in found]


def _set(images_file: Path) -> RsvqaSet:
    name = images_file.name.removesuffix(_IMAGES)
    files = {what: images_file.with_name(f"{name}_{what}.json") for what in ("questions", "answers")}
    images = {_number(each, "id", images_file): each for each in _active(images_file, "images")}
    answers = {_number(each, "id", files["answers"]): each for each in _active(files["answers"], "answers")}
    sizes = {_metres(each, images_file) for each in images.values()}
    if len(sizes) != 1:
        raise QuestionError(f"'{images_file}' has {len(sizes)} resolutions among its active images; give a set of one.")
    (gsd,) = sizes
    asked: dict[int, list[Question]] = {number: [] for number in images}
    for each in _active(files["questions"], "questions"):
        number = _number(each, "img_id", files["questions"])
        if number not in asked:
            raise QuestionError(f"A question of '{files['questions']}' is about image {number}, which is not active.")
        asked[number].append(_question(each, answers, files["questions"], gsd))
    rasters = {path.stem: path for path in sorted(images_file.parent.rglob("*.tif"))}
    kept = {number: questions for number, questions in asked.items() if questions}
    return RsvqaSet(name, gsd, tuple(_image(number, kept[number], rasters, images_file) for number in kept))


def _image(number: int, questions: list[Question], rasters: Mapping[str, Path], images_file: Path) -> RsvqaImage:
    if str(number) not in rasters:
        raise QuestionError(
            f"Image {number} of '{images_file}' is missing; put {number}.tif below {images_file.parent}."
        )
    return RsvqaImage(rasters[str(number)], tuple(questions))


def _question(entry: Mapping[str, Any], answers: Mapping[int, Mapping[str, Any]], path: Path, gsd: float) -> Question:
    number = _number(entry, "id", path)
    given = entry.get("answers_ids")
    known = [answers[each] for each in given if each in answers] if isinstance(given, list) else []
    if not known:
        raise QuestionError(f"Question {number} of '{path}' has no active answer.")
    truth, scoring = scored_answer(_text(known[0], "answer", path), coarse=gsd >= _COARSE_M)
    return Question(_text(entry, "question", path), _text(entry, "type", path), truth, scoring)


def scored_answer(text: str, *, coarse: bool) -> tuple[Answer, Scoring]:
    """An answer as RSVQA writes it, ``yes``, ``12``, ``6500m2`` or ``rural``, and when another one counts as the same.

    Args:
        text: the answer.
        coarse: whether its image is one of low resolution, whose counts are in bands.
    """
    text = " ".join(text.casefold().split())
    if text in ("yes", "no"):
        return text == "yes", EXACT
    if _WHOLE.fullmatch(text):
        return float(text), BAND if coarse else EXACT
    if area := _AREA.fullmatch(text):
        return float(area[1]), BAND
    return text, EXACT


def _active(path: Path, what: str) -> Iterator[Mapping[str, Any]]:
    """The active entries of a file."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))[what]
    except OSError as error:
        raise QuestionError(f"'{path}' cannot be read ({error.strerror}); RSVQA's sets are of three files.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise QuestionError(f"'{path}' is not JSON of RSVQA's form, {{\"{what}\": [...]}}.") from error
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise QuestionError(f"'{path}' is not JSON of RSVQA's form: \"{what}\" is no list of objects.")
    return (each for each in entries if each.get("active") is True)


def _number(entry: Mapping[str, Any], key: str, path: Path) -> int:
    value = entry.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise QuestionError(f"An entry of '{path}' has no whole number as \"{key}\": {value!r}.")
    return value


def _text(entry: Mapping[str, Any], key: str, path: Path) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value.strip():
        raise QuestionError(f"Entry {entry.get('id')} of '{path}' has no text as \"{key}\": {value!r}.")
    return value.strip()


def _metres(entry: Mapping[str, Any], path: Path) -> float:
    found = _LENGTH.fullmatch(_text(entry, "res_x", path))
    if found is None or float(found[1]) <= 0:
        raise QuestionError(f"Image {entry.get('id')} of '{path}' has no resolution in metres: {entry['res_x']!r}.")
    return float(found[1])
