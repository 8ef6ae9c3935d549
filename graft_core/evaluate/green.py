"""A plain index of vegetation, for which no model is needed: the least that one has to beat."""

import numpy as np

from graft_core.evaluate.metrics import F64


def excess_green(bands: F64) -> F64:
    """(3 or more, H, W) red, green, blue -> (H, W) 2g - r - b of the shares of the colours, in [-1, 2]; grey is 0.

    Woebbecke et al. 1995.
    """
    red, green, blue = bands[:3]
    whole = red + green + blue
    found: F64 = np.divide(2 * green - red - blue, whole, out=np.zeros_like(whole), where=whole != 0)
    return found
