"""The segmenter that knows colours, for scenes that fit into one window: there is no rim to distrust."""

import numpy as np
from color_segmenter import ColorSegmenter

from graft_core.types import Bool


class SureSegmenter(ColorSegmenter):
    """Right up to the edge of its window."""

    def _spoilt(self, mask: Bool, pixels: np.ndarray) -> Bool:
        return mask
