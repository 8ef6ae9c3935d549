"""What a person corrected: steps that can be taken back, kept on disk, and laid over whatever objects are found.

An object that was corrected stays as it is when threshold, area or outlines change: what is found in its place gives
way. So nothing that was done by hand is lost by asking again.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import shapely
from odc.geo.geom import Geometry

from graft_core.errors import ExportError
from graft_core.io.atomic import write_json
from graft_core.tasks.clicks import Click
from graft_core.tasks.measure import Segment
from graft_core.tasks.outlines import SAME
from graft_core.tasks.segment import Segmentation

VERSION = 1
"""Of the file; another one is refused."""


@dataclass(frozen=True, eq=False)
class Edit:
    """One step: an object that was corrected, drawn from clicks alone, or removed."""

    thing: int
    """Which object, counted from 0 as they were first touched."""
    before: Segment | None
    """What it was before anybody touched it; None: it was drawn from clicks alone."""
    clicks: tuple[Click, ...]
    """All clicks on it so far."""
    after: Segment | None
    """What it is now; None: it was removed."""


@dataclass
class Edits:
    """The steps of one question."""

    steps: list[Edit] = field(default_factory=list)
    """In the order they were made."""
    undone: list[Edit] = field(default_factory=list)
    """Taken back, the last one last; a new step forgets them."""

    def add(self, edit: Edit) -> None:
        """Make a step."""
        self.steps.append(edit)
        self.undone.clear()

    def undo(self) -> None:
        """Take the last step back."""
        self.undone.append(self.steps.pop())

    def redo(self) -> None:
        """Make the step again that was taken back last."""
        self.steps.append(self.undone.pop())

    def undo_all(self) -> None:
        """Take every step back; each can be made again."""
        while self.steps:
            self.undo()

    @property
    def latest(self) -> list[Edit]:
        """The last step of each object, in the order they were first touched."""
        last = {edit.thing: edit for edit in self.steps}
        return [last[thing] for thing in sorted(last)]

    @property
    def version(self) -> str:
        """Changes with every step; empty where nothing was corrected."""
        told = json.dumps([_fields(edit) for edit in self.latest]).encode()
        return hashlib.sha256(told).hexdigest()[:8] if self.steps else ""

    @property
    def next_thing(self) -> int:
        """For an object that nobody touched yet; what was taken back may come again."""
        return max((edit.thing for edit in (*self.steps, *self.undone)), default=-1) + 1


@dataclass(frozen=True, eq=False)
class Corrected:
    """Objects with what a person made of them."""

    found: Segmentation
    """As they are to be shown and exported."""
    edits: dict[int, Edit]
    """The last step of each object that was corrected, by its number."""

    def number(self, thing: int) -> int | None:
        """What an object that was corrected is called now; None where it is gone."""
        return next((number for number, edit in self.edits.items() if edit.thing == thing), None)


def corrected(found: Segmentation, edits: Edits) -> Corrected:
    """Lay corrections over objects: a corrected one takes the place, and the number, of those it is the same as."""
    kept, placed, touched = list(found.segments), {}, 0
    following = max((each.number for each in kept), default=0)
    for edit in edits.latest:
        if not _within(edit, found.area):
            continue
        touched += 1
        replaced = [each for each in kept if _same(each, edit)]
        kept = [each for each in kept if each not in replaced]
        if edit.after is None:
            continue
        following += not replaced
        number = min((each.number for each in replaced), default=following)
        placed[number] = edit
        kept.append(replace(edit.after, number=number))
    kept.sort(key=lambda each: each.number)
    recipe = replace(found.recipe, by_hand=touched)
    return Corrected(replace(found, segments=tuple(kept), recipe=recipe), placed)


def load_edits(path: Path) -> Edits:
    """The steps in a file; none where there is no file.

    Raises:
        ExportError: the file is damaged, or another program's.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["version"] != VERSION:
            raise ExportError(
                f"The corrections in {path} have version {told['version']}; this program reads {VERSION}."
            )
        return Edits(*([_edit(each) for each in told[name]] for name in ("steps", "undone")))
    except FileNotFoundError:
        return Edits()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, shapely.errors.ShapelyError) as error:
        raise ExportError(f"The corrections in {path} are damaged ({error}); remove the file to begin anew.") from error


def save_edits(path: Path, edits: Edits) -> None:
    """Write the steps, whole or not at all; ExportError where the disk takes no more."""
    path.parent.mkdir(parents=True, exist_ok=True)
    listed = {name: [_fields(edit) for edit in getattr(edits, name)] for name in ("steps", "undone")}
    write_json(path, {"version": VERSION, **listed})


def _same(segment: Segment, edit: Edit) -> bool:
    """Whether an object that was found is what a person corrected: most of the smaller of the two lies in the other."""
    shapes = [each.shape for each in (edit.before, edit.after) if each is not None]
    return any(
        shapely.intersection(segment.shape, shape).area >= SAME * min(segment.shape.area, shape.area)
        for shape in shapes
        if shapely.intersects(segment.shape, shape)
    )


def _within(edit: Edit, area: Geometry | None) -> bool:
    shown = edit.after or edit.before
    return shown is not None and (area is None or bool(shapely.intersects(area.geom, shown.shape)))


def _fields(edit: Edit) -> dict[str, Any]:
    clicks = [asdict(click) for click in edit.clicks]
    return {"thing": edit.thing, "before": _told(edit.before), "clicks": clicks, "after": _told(edit.after)}


def _told(segment: Segment | None) -> dict[str, Any] | None:
    if segment is None:
        return None
    fields = {name: getattr(segment, name) for name in segment.__dataclass_fields__}
    figures = {name: None if value != value else value for name, value in fields.items() if name != "shape"}
    return figures | {"shape": shapely.to_wkt(segment.shape, rounding_precision=-1)}


def _edit(told: dict[str, Any]) -> Edit:
    clicks = tuple(Click(**click) for click in told["clicks"])
    return Edit(int(told["thing"]), _segment(told["before"]), clicks, _segment(told["after"]))


def _segment(told: dict[str, Any] | None) -> Segment | None:
    if told is None:
        return None
    fields: dict[str, Any] = {name: float("nan") if value is None else value for name, value in told.items()}
    return Segment(**(fields | {"shape": shapely.from_wkt(told["shape"])}))
