"""Encoders and what else can be fetched: what each is for, where it comes from, how good it is."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import streamlit as st

from graft_core import settings
from graft_core.models.card import Card
from graft_core.models.registry import list_models
from graft_core.models.sources import CardRecipe, ModelEntry, file_sha256
from graft_core.serve.jobs import list_jobs, start_job
from graft_core.ui.errors import told
from graft_core.ui.figures import size_text
from graft_core.ui.indexing import SENSORS

RECOMMENDED = "remoteclip-vit-b-32"
"""Real weights for a start: trained on satellite and aerial images, freely licensed, small enough for a laptop."""
FIGURES = "validation"
"""Where a card keeps the figures that were reached."""


def show_encoders() -> None:
    """What is on this machine and what can be fetched, each with its card."""
    models = list_models()
    fetching = {str(job.arguments.get("name")) for job in list_jobs() if job.active and job.kind == "fetch"}
    _notice(models, fetching)
    _lines("On this machine", [each for each in models if each.present or each.problem], fetching)
    _lines("To be had", [each for each in models if not each.present and not each.problem], fetching)


def fetch(name: str) -> None:
    """Start the job that gets a model's files; what cannot be had says so in the list of jobs."""
    start_job("fetch", f"Fetch {name}", {"name": name})


def facts(entry: ModelEntry) -> dict[str, str]:
    """What a person wants to know of an entry, in words; what is not known is left out."""
    card = card_of(entry)
    found = {
        "Kind": entry.kind,
        "Imagery": SENSORS[entry.sensor] if entry.sensor else "",
        "Level": {"tile": "one vector a tile", "patch": "one vector a patch"}.get(entry.level or "", ""),
        "Input": _input(entry),
        "Vector": f"{card.spec.dim} numbers" if card else "",
        "Words and photos": card.spec.text_encoder if card else "",
        "Licence": entry.licence,
        "Size": size_text(entry.size_bytes) if entry.size_bytes else "",
        "SHA-256": f"`{_sha256(entry)}`" if _sha256(entry) else "not published",
        "Files": ", ".join(f"`{wanted.names[0]}`" for wanted in entry.files),
        "Comes from": "; ".join(dict.fromkeys(str(each) for wanted in entry.files for each in wanted.sources)),
        "By hand": "" if entry.present else entry.how_to_get,
    }
    return {name: text for name, text in found.items() if text}


def card_of(entry: ModelEntry) -> Card | None:
    """The card of weights in our own format; None for others."""
    return entry.recipe.card if isinstance(entry.recipe, CardRecipe) else None


def told_of(provenance: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Lines of a card's provenance, the figures left out: "teacher steps", "4,800"."""
    for key, value in provenance.items():
        name = f"{before} {key}".strip().replace("_", " ")
        if key == FIGURES:
            continue
        if isinstance(value, Mapping):
            yield from told_of(value, name)
        else:
            yield name, _value(value)


def _notice(models: Sequence[ModelEntry], fetching: set[str]) -> None:
    real = [each for each in models if each.kind == "encoder" and each.present and not _shipped(each)]
    if real:
        st.info(
            "The shipped demo encoders speak for the demo world only. For real imagery choose "
            f"{' or '.join(each.name for each in real)} when you index.",
            icon=":material/info:",
        )
        return
    entry = next(each for each in models if each.name == RECOMMENDED)
    text, button = st.columns([6, 1], vertical_alignment="center")
    text.info(
        "The shipped demo encoders speak for the demo world only; on real imagery what they say means little. "
        f"For real imagery fetch **{RECOMMENDED}** ({size_text(entry.size_bytes or 0)}, {entry.licence}), here or "
        f"with `python -m graft_core fetch {RECOMMENDED}`, and choose it when you index.",
        icon=":material/info:",
    )
    with button:
        _offer(entry, fetching, key="recommended", label="Fetch real weights", kind="primary")


def _lines(title: str, entries: Sequence[ModelEntry], fetching: set[str]) -> None:
    """Two beside each other."""
    st.markdown(f"**{title}**")
    for first in range(0, len(entries), 2):
        for column, entry in zip(st.columns(2), entries[first : first + 2], strict=False):
            with column:
                _line(entry, fetching)


def _line(entry: ModelEntry, fetching: set[str]) -> None:
    with st.container(border=True, key=f"model-{entry.name}", height="stretch"):
        text, buttons = st.columns([11, 6] if not entry.present else [14, 3], vertical_alignment="center")
        text.markdown(f"**{entry.name}** {_badges(entry)}  \n:gray[:small[{entry.what}]]")
        with buttons, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
            if st.button("Card", key=f"card-{entry.name}", icon=":material/id_card:", type="tertiary"):
                st.dialog(entry.name, width="medium", icon=":material/id_card:")(_card)(entry)
            if not entry.present:
                _offer(entry, fetching, key=entry.name, label="Fetch", kind="secondary")


def _badges(entry: ModelEntry) -> str:
    badges = []
    if entry.problem:
        badges.append(":red-badge[damaged]")
    if entry.kind != "encoder":
        badges.append(f":gray-badge[{entry.kind}]")
    if entry.sensor:
        badges.append(f":blue-badge[{SENSORS[entry.sensor]}]")
    if entry.gsd and entry.sensor != "rgb":
        badges.append(f":gray-badge[{entry.gsd:g} m]")
    if entry.level:
        badges.append(f":gray-badge[{entry.level}]")
    return " ".join(badges)


def _offer(entry: ModelEntry, fetching: set[str], *, key: str, label: str, kind: Any) -> None:
    """A button where a mirror has it; what a person has to get stands on the card."""
    if entry.name in fetching:
        st.badge("being fetched", color="blue", icon=":material/downloading:")
    elif not any(wanted.sources for wanted in entry.files):
        st.badge("by hand", color="gray", icon=":material/pan_tool:", help=entry.how_to_get)
    elif st.button(label, key=f"fetch-{key}", icon=":material/download:", type=kind):
        with told():
            fetch(entry.name)
            st.rerun()


def _card(entry: ModelEntry) -> None:
    st.markdown(entry.what)
    if entry.problem:
        st.error(entry.problem)
    st.table(facts(entry), border="horizontal")
    card = card_of(entry)
    if card is None:
        st.caption("Its authors' own page says what it was trained on and how well it does.")
        return
    figures = card.provenance.get(FIGURES, {})
    if figures:
        st.markdown("**Figures**")
        for column, (name, value) in zip(st.columns(len(figures)), figures.items(), strict=True):
            column.metric(name.replace("_", " "), _value(value))
    st.markdown("**Training**")
    st.table(dict(told_of(card.provenance)), border="horizontal")
    st.markdown("**How it is asked**")
    st.caption(f"As {', '.join(f'“{each}”' for each in card.defaults.templates)}")
    st.caption(f"Against {', '.join(card.defaults.background)}")


def _input(entry: ModelEntry) -> str:
    if not entry.tile_px:
        return ""
    span = f", so {entry.tile_px * entry.gsd:,.0f} m" if entry.gsd else ""
    return f"{entry.tile_px} x {entry.tile_px} px" + (f" at {entry.gsd:g} m{span}" if entry.gsd else "")


def _sha256(entry: ModelEntry) -> str | None:
    """Of the weights: as the card says, as was published, or of the file that is here."""
    card = card_of(entry)
    here = entry.paths[0]
    return card.spec.weights_sha256 if card else entry.sha256 or (file_sha256(here) if here else None)


def _shipped(entry: ModelEntry) -> bool:
    return entry.folder == settings.shipped_weights_dir()


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_value(each) for each in value)
    if isinstance(value, bool) or not isinstance(value, int):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return f"{value:,}" if value >= 10_000 else str(value)
