"""A change as a picture for a web map."""

import math

import numpy as np

from graft_core.geo.web_mercator import web_view
from graft_core.tasks.change import ChangeMap
from graft_core.tasks.density import FAINTEST
from graft_core.tasks.map_picture import LONGEST, MapPicture, coarser, painted_change


def change_picture(made: ChangeMap) -> MapPicture:
    """Draw where the query is denser in the second scene than in the first (orange), and where less dense (purple)."""
    step = max(1, math.ceil(max(made.geobox.shape) / LONGEST))
    change = made.window(coarser(made.geobox, step), glance=True)[0]
    highest = max(float(np.nanmax(np.abs(change), initial=0)), FAINTEST)
    view = web_view(made.geobox, LONGEST)
    return MapPicture(painted_change(view.sample(change, step) / highest), view.bounds, highest)
