"""What one session has searched for in catalogues of imagery, and what of it is chosen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import streamlit as st
from shapely.geometry.base import BaseGeometry

from graft_core.io.imagery.item import ImageryItem
from graft_core.io.imagery.search import Found, Wanted
from graft_core.tasks.find_imagery import Wish, choose
from graft_core.ui.state import OnMap

CATALOGS = {"Planetary Computer": "planetary-computer", "Earth Search": "earth-search"}
PRODUCTS = {"Sentinel-2 L2A": "sentinel2", "NAIP": "naip"}
"""What people call the collections that every known catalogue has."""
SHOWN = 24
"""Images in the table until more are asked for: each has a preview that has to be fetched."""


@dataclass(frozen=True)
class Asked:
    """A search as it stands in the form."""

    catalog: str
    """Name of a preset, or an address."""
    collection: str
    """``naip``, ``sentinel2``, or the id of a collection."""
    area: str
    """As typed (`area_from_text`)."""
    wanted: Wanted
    """Area, dates and clouds."""

    @property
    def product(self) -> str:
        """What people call the imagery."""
        return next((said for said, name in PRODUCTS.items() if name == self.collection), self.collection)

    @property
    def where(self) -> str:
        """What people call the catalogue."""
        return next((said for said, name in CATALOGS.items() if name == self.catalog), self.catalog)


@dataclass
class Finding(OnMap):
    """The state of the view; it outlives a visit to another page."""

    area: str = ""
    """Area of interest as it stands in the form."""
    asked: Asked | None = None
    """The search whose answer is shown."""
    found: Found | None = None
    """What it brought."""
    items: tuple[ImageryItem, ...] = ()
    """The same in the order of the table: what was proposed first, then the newest."""
    chosen: tuple[str, ...] = ()
    """Ids of the images that are ticked, in the order of the table."""
    searches: int = 0
    """How many brought something."""
    clicks: int = 0
    """How many clicks on outlines the map has told of."""
    ticked: int = 0
    """How often the page itself has changed the ticks: the table is told then."""
    for_median: bool = False
    """Whether a median is to be made of what is ticked."""
    all_rows: bool = False
    """Whether the table shows all images, or the first of them."""
    problem: str = ""
    """Why the last search brought nothing."""

    @property
    def shape(self) -> BaseGeometry:
        """The area of the search that is shown, in degrees."""
        if self.asked is None:
            raise ValueError("nothing was searched yet")
        return self.asked.wanted.area

    @property
    def images(self) -> tuple[ImageryItem, ...]:
        """The images that are ticked."""
        return tuple(item for item in self.items if item.id in self.chosen)

    @property
    def rows(self) -> tuple[ImageryItem, ...]:
        """The images the table shows, whatever is ticked among them."""
        if self.all_rows:
            return self.items
        return tuple(item for place, item in enumerate(self.items) if place < SHOWN or item.id in self.chosen)

    def take(self, asked: Asked, found: Found) -> None:
        """Show the answer of a search; the images that cover the area best are ticked, or all for a median."""
        best = proposed(found.items, asked.wanted.area)
        rest = [item for item in found.items if item not in best]
        self.asked, self.found, self.problem = asked, found, ""
        self.items, self.all_rows, self.searches = (*best, *rest), False, self.searches + 1
        self.tick(item.id for item in (self.items if self.for_median else best))
        self.go_to_bounds(asked.wanted.area.bounds)

    def tick(self, ids: Iterable[str]) -> None:
        """Choose these images and no others, from the page's side."""
        wanted = set(ids)
        self.chosen = tuple(item.id for item in self.items if item.id in wanted)
        self.ticked += 1

    def tick_for(self, *, median: bool) -> None:
        """A median wants all dates, anything else those that cover the area best; ticks set by hand stay."""
        if median == self.for_median:
            return
        self.for_median = median
        best = tuple(item.id for item in proposed(self.items, self.shape))
        every = tuple(item.id for item in self.items)
        if self.chosen == (best if median else every):
            self.tick(every if median else best)

    def toggle(self, identity: str) -> None:
        """Tick an image, or take its tick away."""
        self.tick({*self.chosen} ^ {identity})


def finding() -> Finding:
    """This session's."""
    if "finding" not in st.session_state:
        st.session_state.finding = Finding()
    found: Finding = st.session_state.finding
    return found


def proposed(items: Sequence[ImageryItem], area: BaseGeometry) -> tuple[ImageryItem, ...]:
    """The images that cover the area best: the clearest, or the newest where nobody has looked at clouds."""
    wish: Wish = "newest" if all(item.cloud is None for item in items) else "clearest"
    return choose(items, area, wish)
