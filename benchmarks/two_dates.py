"""How much of what changed between two dates a change map finds: drawn places, whose truth is known.

    python -m benchmarks.two_dates --seed 7 --seed 8 --seed 9 --shrink 2

prints one JSON object a sensor: means over the classes that changed and over the worlds, and the classes themselves.
"""

import argparse
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from graft_core.evaluate.change_truth import ChangeAgreement, measure_change
from graft_core.evaluate.worlds import SIDE_PX


def summary(worlds: Sequence[Sequence[ChangeAgreement]]) -> dict[str, Any]:
    """Means over classes and worlds, the spread of the worlds' means, and every class by itself."""
    everything = [each for world in worlds for each in world]
    figures: dict[str, Any] = {}
    for name in ("r", "sign", "false_change"):
        means = [np.mean([getattr(each, name) for each in world]) for world in worlds]
        figures[name] = {"mean": round(float(np.mean(means)), 3), "spread": round(float(np.std(means)), 3)}
    by_class = {
        name: {
            "r": round(float(np.mean([each.r for each in everything if each.name == name])), 3),
            "sign": round(float(np.mean([each.sign for each in everything if each.name == name])), 3),
        }
        for name in sorted({each.name for each in everything})
    }
    return {"changed_classes": len(everything), **figures, "by_class": by_class}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, action="append", required=True, help="world; repeat it")
    parser.add_argument("--shrink", type=int, default=1, help="divide the sides of the scenes by this")
    asked = parser.parse_args()
    for sensor in sorted(SIDE_PX, reverse=True):
        side = SIDE_PX[sensor] // asked.shrink
        found = summary([measure_change(sensor, seed, side) for seed in asked.seed])
        print(json.dumps({"sensor": sensor, "seeds": asked.seed, "side_px": side, **found}, indent=2), flush=True)


if __name__ == "__main__":
    main()
