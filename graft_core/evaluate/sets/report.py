"""What was measured as a table: JSON that later runs add to, and Markdown for people."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from graft_core.errors import BenchmarkError
from graft_core.evaluate.sets.result import SetResult
from graft_core.io.atomic import write_json, write_text

_TITLES = {
    "zero_shot_top1": "top-1",
    "balanced_accuracy": "balanced",
    "map": "mAP",
    "miou": "mIoU",
    "overall_accuracy": "OA",
}
_RANKED = "map_at_"
SHOWN = 6
"""Digits of a fingerprint in a table."""


def add_to_table(path: Path, new: Sequence[SetResult]) -> list[SetResult]:
    """Write the rows of ``path`` (JSON) and the new ones, and the same as Markdown beside it (``.md``).

    A new row takes the place of one that answers the same question.

    Returns:
        All rows.

    Raises:
        BenchmarkError: the file that is there holds no such rows.
        ExportError: a file cannot be written.
    """
    rows = {row.question: row for row in [*(read_table(path) if path.exists() else ()), *new]}
    write_json(path, {"rows": [row.to_json() for row in rows.values()]})
    write_text(path.with_suffix(".md"), markdown_table(list(rows.values())))
    return list(rows.values())


def read_table(path: Path) -> list[SetResult]:
    """The rows of a table in JSON; BenchmarkError where it is none."""
    try:
        return [SetResult.from_json(row) for row in json.loads(path.read_text(encoding="utf-8"))["rows"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BenchmarkError(
            f"{path} holds no table of benchmark results ({type(error).__name__}); name another file."
        ) from error


def markdown_table(rows: Sequence[SetResult]) -> str:
    """One line a row, only the figures that occur; below it the templates that were asked with.

    Where two sets of the same name have rows, the beginning of their fingerprints tells them apart.
    """
    names = list(dict.fromkeys(name for row in rows for name in row.figures))
    sets = {(row.dataset, row.fingerprint) for row in rows}
    alike = {dataset for dataset, count in Counter(dataset for dataset, _ in sets).items() if count > 1}
    prompts = list(dict.fromkeys(row.templates for row in rows))
    head = ["set", "images", "classes", "encoder", "fit", "prompts", *(_title(name) for name in names)]
    lines = [_line(head), _line("---" if i in (0, 3, 4, 5) else "---:" for i in range(len(head)))]
    for row in rows:
        dataset = f"{row.dataset} {row.fingerprint[:SHOWN]}" if row.dataset in alike else row.dataset
        asked = f"{prompts.index(row.templates) + 1}"
        figures = (f"{row.figures[name]:.3f}" if name in row.figures else "" for name in names)
        lines.append(_line([dataset, f"{row.images:,}", str(len(row.words)), row.encoder, _fit(row), asked, *figures]))
    notes = [f"Prompts {i}: {'; '.join(templates)}" for i, templates in enumerate(prompts, start=1)]
    return "\n".join([*lines, "", *(f"{note}  " for note in notes)]) + "\n"


def _fit(row: SetResult) -> str:
    return row.fit if row.fit == "scene" else f"{row.fit} to {row.tile_px} px"


def _title(name: str) -> str:
    return f"mAP@{name.removeprefix(_RANKED)}" if name.startswith(_RANKED) else _TITLES.get(name, name)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
