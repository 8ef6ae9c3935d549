"""How a training goes, as curves."""

import altair as alt
import pandas as pd
import streamlit as st

from graft_core.train.metrics import Metrics

LEARN, CHECK = "#2a9d8f", "#e08a00"
"""Training and validation: apart without colour vision, and readable on light and dark."""
HEIGHT = 230


def show_curves(metrics: Metrics, steps: int, key: str) -> None:
    """Loss of training and validation, and the share of validation tiles that find a photo of theirs.

    Args:
        metrics: everything told so far.
        steps: of the whole run, so that the curves grow into their frame.
        key: tells this chart from those of other runs.
    """
    left, right = st.columns(2, gap="medium")
    with left:
        st.altair_chart(loss_chart(metrics, steps), width="stretch", key=f"loss-{key}", alt="Loss by step")
    with right:
        st.altair_chart(right_chart(metrics, steps), width="stretch", key=f"right-{key}", alt="Right by step")


def loss_chart(metrics: Metrics, steps: int) -> alt.LayerChart:
    """Loss of training and validation by step."""
    rows = [(row.step, row.loss, "training") for row in metrics.steps]
    rows += [(row.step, row.loss, "validation") for row in metrics.validations]
    table = pd.DataFrame(rows, columns=["step", "loss", "of"])
    color = alt.Color(
        "of:N",
        title=None,
        scale=alt.Scale(domain=["training", "validation"], range=[LEARN, CHECK]),
        legend=alt.Legend(orient="top-right"),
    )
    base = alt.Chart(table).encode(
        x=_step_axis(steps),
        y=alt.Y("loss:Q", title="loss", scale=alt.Scale(zero=False), axis=alt.Axis(format=".3~r")),
        color=color,
        tooltip=["of:N", "step:Q", alt.Tooltip("loss:Q", format=".3f")],
    )
    learned = base.transform_filter("datum.of == 'training'").mark_line(strokeWidth=1.5)
    checked = base.transform_filter("datum.of == 'validation'").mark_line(strokeWidth=2, strokeDash=[6, 3], point=True)
    chart: alt.LayerChart = (learned + checked).properties(height=HEIGHT)
    return chart


def right_chart(metrics: Metrics, steps: int) -> alt.Chart:
    """Share of the validation tiles that find one of their own photos first."""
    table = pd.DataFrame([(row.step, row.top1) for row in metrics.validations], columns=["step", "right"])
    chart: alt.Chart = (
        alt.Chart(table, height=HEIGHT)
        .mark_line(color=CHECK, strokeWidth=2, strokeDash=[6, 3], point=alt.OverlayMarkDef(color=CHECK))
        .encode(
            x=_step_axis(steps),
            y=alt.Y(
                "right:Q",
                title="validation, right",
                axis=alt.Axis(format="%"),
                scale=alt.Scale(domainMin=0),
            ),
            tooltip=["step:Q", alt.Tooltip("right:Q", format=".1%")],
        )
    )
    return chart


def _step_axis(steps: int) -> alt.X:
    return alt.X("step:Q", title="step", scale=alt.Scale(domain=(0, max(steps, 1)), nice=False))
