"""An answer as plain JSON, its evidence as GeoJSON."""

import math
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import shapely
from odc.geo.geom import Geometry

from graft_core.ask.reply import Reply, Step
from graft_core.ask.values import Number, Region, Text, Truth, Unknown, Value
from graft_core.ask.wording import sure_of
from graft_core.geo.place import WGS84, reprojected

DIGITS = 7
"""Of a degree: a centimetre."""


class Places(Protocol):
    """Whoever knows where the shapes of a region lie on the ground."""

    def outline(self, shape: Any) -> Geometry:
        """A shape of a region in a CRS of the ground."""


def reply_json(reply: Reply, eyes: Places) -> dict[str, Any]:
    """An answer with its program, its steps and their evidence.

    Args:
        reply: the answer.
        eyes: the ones that it was found with.

    Returns:
        Plain values that `json.dumps` takes, without NaN. ``steps[i]["evidence"]`` holds numbers of layers: the
        ``layer`` of the features in ``evidence``, a FeatureCollection in EPSG:4326 with one feature for each thing.
    """
    layers = _layers(reply.steps)
    return {
        "question": reply.question,
        "program": reply.program,
        "planner": reply.planner,
        **value_json(reply.value),
        "sentence": reply.sentence,
        "sure": _number(reply.sure),
        "notices": list(reply.notices),
        "steps": [_step(number, step, layers) for number, step in enumerate(reply.steps, start=1)],
        "evidence": {
            "type": "FeatureCollection",
            "features": [each for layer, region in layers.values() for each in _features(layer, region, eyes)],
        },
    }


def value_json(value: Value) -> dict[str, Any]:
    """A value by its kind: ``kind``, ``value`` and ``unit``; a region as its number of things, the unknown as None."""
    match value:
        case Number():
            return {"kind": "number", "value": _number(value.value), "unit": value.unit}
        case Truth():
            return {"kind": "truth", "value": value.value, "unit": ""}
        case Text():
            return {"kind": "text", "value": value.value, "unit": ""}
        case Region():
            return {"kind": "region", "value": len(value.things), "unit": ""}
        case Unknown():
            return {"kind": "unknown", "value": None, "unit": ""}


Layers = Mapping[int, tuple[int, Region]]
"""Each region once, by identity, with its number from 1."""


def _layers(steps: Iterable[Step]) -> Layers:
    regions = {id(region): region for step in steps for region in step.evidence}
    return {key: (layer, region) for layer, (key, region) in enumerate(regions.items(), start=1)}


def _step(number: int, step: Step, layers: Layers) -> dict[str, Any]:
    return {
        "step": number,
        "line": step.line,
        "call": step.call,
        **value_json(step.value),
        "sure": _number(sure_of(step.value)),
        "why": step.value.why if isinstance(step.value, Unknown) else "",
        "seconds": round(step.seconds, 3),
        "evidence": [layers[id(region)][0] for region in step.evidence],
    }


def _features(layer: int, region: Region, eyes: Places) -> list[dict[str, Any]]:
    return [
        {
            "type": "Feature",
            "geometry": _geometry(thing.shape, eyes),
            "properties": {
                "layer": layer,
                "what": region.what,
                "match": _number(thing.match),
                "area_m2": round(float(thing.shape.area), 2),
            },
        }
        for thing in region.things
    ]


def _geometry(shape: Any, eyes: Places) -> dict[str, Any]:
    placed = reprojected(eyes.outline(shape), WGS84).geom
    rounded = shapely.transform(placed, lambda points: points.round(DIGITS))
    drawn: dict[str, Any] = shapely.geometry.mapping(rounded)
    return {"type": drawn["type"], "coordinates": _listed(drawn["coordinates"])}


def _listed(coordinates: Any) -> Any:
    """Tuples as lists, as JSON reads them back."""
    return [_listed(each) for each in coordinates] if isinstance(coordinates, tuple | list) else float(coordinates)


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
