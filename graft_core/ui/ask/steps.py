"""The steps of an answer: each call with its value, its time, and a switch for the layer it brought up."""

import html

import streamlit as st

from graft_core.ui.ask.history import Entry
from graft_core.ui.ask.layers import (
    bounds_of_features,
    features_of,
    is_dashed,
    layer_color,
    layers_by_step,
    shown_at_first,
)
from graft_core.ui.ask.state import Asking


def shown_layers(entry: Entry) -> set[int]:
    """Layers that are to be on the map, counted from 1."""
    first = shown_at_first(entry)
    shown: set[int] = set()
    for step, layers in layers_by_step(entry).items():
        if st.session_state.get(_switch(entry, step), not first.isdisjoint(layers)):
            shown.update(layers)
    return shown


def show_steps(entry: Entry, state: Asking) -> None:
    """A row a step."""
    with st.container(key="answer-steps"):
        _show_rows(entry, state)


def _show_rows(entry: Entry, state: Asking) -> None:
    owned, first = layers_by_step(entry), shown_at_first(entry)
    for step, said in zip(entry.answer["steps"], entry.said, strict=True):
        number = int(step["step"])
        layers = owned.get(number, [])
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"step-{number}"):
            st.checkbox(
                f"Step {number} on the map",
                value=not first.isdisjoint(layers),
                key=_switch(entry, number),
                disabled=not layers,
                label_visibility="collapsed",
                width="content",
            )
            st.html(_row_html(step, said), width="stretch")
            st.button(
                "",
                icon=":material/my_location:",
                key=f"go-{number}",
                help="Show it on the map",
                type="tertiary",
                disabled=not layers,
                on_click=_go_to,
                args=(entry, number, layers, state),
            )


def _go_to(entry: Entry, step: int, layers: list[int], state: Asking) -> None:
    """Bring what a step brought up into view, and switch it on."""
    state.go_to_bounds(bounds_of_features([each for layer in layers for each in features_of(entry, layer)]))
    st.session_state[_switch(entry, step)] = True


def _row_html(step: dict[str, object], said: str) -> str:
    layers = step["evidence"]
    assert isinstance(layers, list)
    marks = "".join(_mark(layer) for layer in layers)
    return (
        f'<div class="graft-step"><span>{step["step"]}</span><span>{marks}</span>'
        f"<code>{html.escape(str(step['call']))}</code>"
        f"<p><b>{html.escape(said)}</b><time>{step['seconds']:.1f} s</time></p></div>"
    )


def _mark(layer: int) -> str:
    """What the layer looks like on the map."""
    line = "dashed" if is_dashed(layer) else "solid"
    return f'<i style="border:2px {line} {layer_color(layer)};background:{layer_color(layer)}33"></i>'


def _switch(entry: Entry, step: int) -> str:
    return f"layer-{entry.id}-{step}"
