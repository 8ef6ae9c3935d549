"""The curves show what the run told, no more and no less."""

from graft_core.train.metrics import Metrics, StepRow, ValidationRow
from graft_core.ui.train.curves import loss_chart, right_chart

METRICS = Metrics(
    (StepRow(1, 4.0, 1e-4, 20.0, 1.0), StepRow(2, 3.0, 1e-4, 20.0, 2.0)),
    (ValidationRow(0, 5.0, 0.1), ValidationRow(2, 3.5, 0.4)),
)


def rows(chart: dict[str, object]) -> list[dict[str, object]]:
    (found,) = chart["datasets"].values()  # type: ignore[attr-defined]
    return list(found)


def test_losses_of_training_and_validation_are_one_chart() -> None:
    found = rows(loss_chart(METRICS, 10).to_dict())
    assert [(row["of"], row["step"], row["loss"]) for row in found] == [
        ("training", 1, 4.0), ("training", 2, 3.0), ("validation", 0, 5.0), ("validation", 2, 3.5),
    ]  # fmt: skip


def test_curves_grow_into_the_length_of_the_run() -> None:
    chart = right_chart(METRICS, 10).to_dict()
    assert chart["encoding"]["x"]["scale"]["domain"] == [0, 10]
    assert [row["right"] for row in rows(chart)] == [0.1, 0.4]


def test_run_that_told_nothing_has_empty_curves() -> None:
    assert rows(right_chart(Metrics(), 0).to_dict()) == []
