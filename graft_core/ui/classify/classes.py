"""The list of classes: names, words and colours, edited line by line or pasted; the address holds it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import streamlit as st

from graft_core.errors import QueryError
from graft_core.tasks.class_list import ClassName, Color, check_classes, class_colors, parse_classes
from graft_core.types import SensorName

FINE = (
    "trees = forest + orchard, grass = meadow + golf course, fields = crop field, houses = residential area, "
    "large buildings = industrial area, roads = highway + parking lot, water = lake + river, bare ground = quarry",
    "009e73-f0e442-e69f00-cc79a7-882255-332288-0072b2-d55e00",
)
COARSE = (
    "forest, grassland = meadow + wetland, farmland = crop field + orchard, "
    "built-up = residential area + industrial area, water = lake + river, bare ground = desert + quarry",
    "009e73-f0e442-e69f00-882255-0072b2-d55e00",
)
"""Lists to begin with, for aerial imagery and for Sentinel-2, and their colours, told apart without colour vision."""

PASTE_BOX = "paste-box"
"""Key of the box that takes a list; it closes when one is taken."""


@dataclass
class Line:
    """One class as it is being edited; it need not make sense yet."""

    key: int
    """Tells its widgets from those of other lines, also after lines above it are gone."""
    name: str
    """As typed."""
    words: str
    """As typed; empty where the name says it all."""
    color: str
    """#rrggbb."""


def edit_classes(sensor: SensorName) -> None:
    """The editor of the list."""
    lines = _lines(sensor)
    with st.container(key="classes", gap="xsmall"):
        for line in lines:
            _edit(line)
    with st.container(horizontal=True, gap="small"):
        st.button("Add a class", icon=":material/add:", on_click=_add, type="tertiary")
        with st.popover(
            "Paste a list", icon=":material/content_paste:", type="tertiary", key=PASTE_BOX, on_change="rerun"
        ):
            _paste()
        st.button(
            "Start over", icon=":material/restart_alt:", on_click=_take, args=_suggested(sensor), type="tertiary",
            help="The list to begin with for such imagery.",
        )  # fmt: skip


def listed_classes(sensor: SensorName) -> tuple[ClassName, ...]:
    """The list as it is now, edited or not.

    Raises:
        QueryError: no map can be made of it.
    """
    lines = [line for line in _lines(sensor) if line.name.strip() or line.words.strip()]
    _tell_address(lines)
    classes = tuple(
        ClassName(line.name.strip() or line.words.strip(), line.words.strip() or line.name.strip(), _rgb(line.color))
        for line in lines
    )
    check_classes(classes)
    return classes


def _lines(sensor: SensorName) -> list[Line]:
    """This session's; at first those of the address, else a suggestion."""
    if "class-lines" not in st.session_state:
        given, colors = st.query_params.get("classes", ""), st.query_params.get("colors", "")
        try:
            _take(*((parse_classes(given), colors.split("-")) if given else _suggested(sensor)))
        except QueryError as error:
            _take(*_suggested(sensor))
            st.warning(f"The address has no list of classes: {error}")
    found: list[Line] = st.session_state["class-lines"]
    return found


def _suggested(sensor: SensorName) -> tuple[tuple[ClassName, ...], list[str]]:
    """Classes, and their colours as they stand in an address."""
    words, colors = COARSE if sensor == "sentinel2" else FINE
    return parse_classes(words), colors.split("-")


def _take(classes: Sequence[ClassName], colors: Sequence[str] = ()) -> None:
    """Edit another list; colours as they stand in an address, where they are known."""
    keys = st.session_state.setdefault("class-keys", count())
    st.session_state["class-lines"] = [
        Line(next(keys), each.name, "" if each.words == each.name else each.words, _color(color) or _hex(each.color))
        for each, color in zip(classes, [*colors, *[""] * len(classes)], strict=False)
    ]


def _add() -> None:
    """A class more, in a colour that no other has."""
    lines: list[Line] = st.session_state["class-lines"]
    used = {line.color for line in lines}
    free = next(color for color in map(_hex, class_colors(len(lines) + 1)) if color not in used)
    lines.append(Line(next(st.session_state["class-keys"]), "", "", free))


def _edit(line: Line) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        line.color = st.color_picker("Colour", line.color, key=f"color-{line.key}", label_visibility="collapsed")
        line.name = st.text_input(
            "Class", line.name, key=f"name-{line.key}", placeholder="class", label_visibility="collapsed", width=118
        )
        line.words = st.text_input(
            "Words", line.words, key=f"words-{line.key}", placeholder=line.name or "words", label_visibility="collapsed"
        )
        st.button(
            "", icon=":material/close:", key=f"drop-{line.key}", help=f"Remove {line.name or 'this class'}",
            on_click=_drop, args=(line,), type="tertiary",
        )  # fmt: skip


def _drop(line: Line) -> None:
    st.session_state["class-lines"].remove(line)


def _paste() -> None:
    text = st.text_area(
        "One a line, or with commas between",
        key="class-paste",
        placeholder="forest\nwater = lake + river\nhouses = residential area",
        height=180,
    )

    def take() -> None:
        try:
            _take(parse_classes(text))
            st.session_state[PASTE_BOX] = False
        except QueryError as error:
            st.session_state["paste-problem"] = str(error)

    if problem := st.session_state.pop("paste-problem", ""):
        st.error(problem, icon=":material/error:")
    st.button("Take this list", on_click=take, type="primary", width="stretch", disabled=not text.strip())


def _tell_address(lines: Sequence[Line]) -> None:
    """Names, words and colours, so that whoever is given the address sees the same map."""
    told_now = {
        "classes": ", ".join(f"{line.name} = {line.words}" if line.words else line.name for line in lines),
        "colors": "-".join(line.color.removeprefix("#") for line in lines),
    }
    for name, value in told_now.items():
        if st.query_params.get(name) != value:
            st.query_params[name] = value


def _color(digits: str) -> str:
    """#rrggbb of six digits; empty where they are none."""
    return f"#{digits.lower()}" if re.fullmatch("[0-9a-fA-F]{6}", digits) else ""


def _hex(color: Color) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def _rgb(color: str) -> Color:
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return red, green, blue
