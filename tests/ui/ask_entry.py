"""An answer as the Ask page keeps it, with two layers of evidence, for the tests that look at one."""

from typing import Any

from graft_core.ui.ask.history import Entry, new_id
from graft_core.ui.patch_controls import Looking

PROGRAM = 'lakes = find(scene, "lake")\ncount(lakes) > share(scene, "forest")'


def square(layer: int, what: str, west: float, match: float | None = 0.8) -> dict[str, Any]:
    ring = [[west, 50.0], [west + 0.01, 50.0], [west + 0.01, 50.01], [west, 50.01], [west, 50.0]]
    return {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"layer": layer, "what": what, "match": match, "area_m2": 1234.0},
    }


def step(number: int, call: str, evidence: list[int], kind: str = "number") -> dict[str, Any]:
    return {"step": number, "line": 1, "call": call, "kind": kind, "seconds": 0.04, "evidence": evidence}


def lakes(
    *, question: str = "Are there more lakes than forest?", scene_only: bool = False, planner: str = "grammar"
) -> Entry:
    """Two lakes are found and counted, and the whole scene is looked at; or the latter alone."""
    whole = square(2, "scene", 8.0, None)
    features = [whole] if scene_only else [square(1, "lake", 8.0), square(1, "lake", 8.02), whole]
    steps = [
        step(1, 'find(scene, "lake")', [1], "region"), step(2, "count(lakes)", [1]),
        step(3, 'share(scene, "forest")', [2]),
    ]  # fmt: skip
    answer = {
        "question": question, "program": PROGRAM, "planner": planner, "kind": "truth", "value": True, "unit": "",
        "sentence": "Yes: <2> lakes.", "sure": 0.83, "notices": [], "steps": steps,
        "evidence": {"type": "FeatureCollection", "features": features},
    }  # fmt: skip
    return Entry(new_id(), Looking("town", None, None), False, ("2 lakes, 0.2 ha", "2", "27 %"), answer)
