"""Our own legends, for ``st.html``: readable in both themes, and unlike branca's they ask nobody for anything."""

import html
from collections.abc import Sequence

from graft_core.io.qml import RAMPS
from graft_core.tasks.map_picture import FADE, LESS, MORE

TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Where along a legend values stand, as shares of it."""


def legend_html(title: str, ramp: str, low: float, high: float, note: str = "") -> str:
    """A colour bar with its values.

    Args:
        title: what the colours mean.
        ramp: one of ``io.qml.RAMPS``; the bar appears towards the right as the density's picture does.
        low: value of the first colour.
        high: value of the last.
        note: more about it, beside the title.
    """
    colors = RAMPS[ramp]
    return _bar(title, [_stop(color, i / (len(colors) - 1)) for i, color in enumerate(colors)], low, high, note)


def change_legend_html(title: str, highest: float, note: str = "purple: less dense, orange: denser") -> str:
    """The colour bar of ``difference_picture``: less on the left, more on the right, nothing between.

    Args:
        title: what the colours mean.
        highest: value of the last colour; the first has its negative.
        note: more about them, beside the title.
    """
    less, more = (f"rgb({', '.join(map(str, color))})" for color in (LESS, MORE))
    return _bar(title, [f"{less} 0% 30%", "transparent 50%", f"{more} 70% 100%"], -highest, highest, note)


def _bar(title: str, stops: Sequence[str], low: float, high: float, note: str) -> str:
    ticks = "".join(f"<span>{low + share * (high - low):.2g}</span>" for share in TICKS)
    aside = f'<span style="opacity:.75;font-weight:400;font-size:.8rem"> · {html.escape(note)}</span>' if note else ""
    label = html.escape(f"{title}: {low:.2g} to {high:.2g}", quote=True)
    return (
        f'<div role="img" aria-label="{label}" style="max-width:34rem;color:inherit;line-height:1.35">'
        f'<div style="font-weight:600;font-size:.875rem;margin-bottom:.25rem">{html.escape(title)}{aside}</div>'
        '<div style="height:.8rem;border-radius:.2rem;border:1px solid rgba(128,128,128,.55);'
        f'background:linear-gradient(to right, {", ".join(stops)})"></div>'
        '<div style="display:flex;justify-content:space-between;font-size:.75rem;font-variant-numeric:tabular-nums;'
        f'margin-top:.15rem">{ticks}</div></div>'
    )


def _stop(color: str, share: float) -> str:
    return f"{color}{round(255 * min(share / FADE, 1)):02x} {100 * share:.4g}%"
