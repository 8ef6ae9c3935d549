"""What lies on the map where two scenes are compared."""

import folium

from graft_core.ui import cached
from graft_core.ui.cached import Question
from graft_core.ui.controls import Look
from graft_core.ui.explore.two_scenes import Sides, label
from graft_core.ui.legend import change_legend_html, legend_html
from graft_core.ui.maps import density_overlay
from graft_core.ui.swipe import LEFT, RIGHT, divider

Groups = list[folium.FeatureGroup]


def side_overlays(sides: Sides, question: Question | None, look: Look) -> Groups:
    """The line between the scenes and their densities on its sides, or the difference of the densities.

    Args:
        sides: the two scenes.
        question: to one of them; None where nothing was asked, or the answer is not there yet.
        look: how densities are drawn.
    """
    asked = None if question is None else sides.asked(question)
    if sides.other.how == "less":
        if asked is None:
            return []
        drawn = cached.change_drawn(*asked)
        return [density_overlay(drawn.rgba, drawn.bounds, look.opacity, name="change")]
    groups: Groups = [divider(label(sides.before), label(sides.after))]
    if asked is None:
        return groups
    highest = _brightest(asked)
    for each, pane in zip(asked, (LEFT, RIGHT), strict=True):
        drawn = cached.picture(each, 0, look.ramp, highest, None)
        name = f"{cached.words(each)} {each.scenes[0]}"
        groups.append(density_overlay(drawn.rgba, drawn.bounds, look.opacity, name=name, pane=pane))
    return groups


def side_legend(sides: Sides, question: Question, look: Look) -> str:
    """One legend for both scenes."""
    asked = sides.asked(question)
    if sides.other.how == "less":
        title, note = f"Change in density of {cached.words(question)}", f"orange: denser in {sides.after}"
        return change_legend_html(title, cached.change_drawn(*asked).maximum, note)
    what = "both scenes, expected share" if question.threshold is None else "both scenes, share of tiles that match"
    return legend_html(f"Density of {cached.words(question)}", look.ramp, 0.0, _brightest(asked), what)


def _brightest(asked: tuple[Question, Question]) -> float:
    return max(cached.answer(each).maps[0].brightest for each in asked)
