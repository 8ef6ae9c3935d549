"""What is to be searched for in a catalogue of imagery: where, what, when, and how cloudy."""

from datetime import UTC, date, datetime, timedelta

import streamlit as st

from graft_core.errors import GraftError
from graft_core.geo.masks import area_from_text
from graft_core.io.imagery.search import Wanted
from graft_core.ui.controls import choose_area
from graft_core.ui.find.state import CATALOGS, PRODUCTS, Asked, Finding

OTHER_CATALOG, OTHER_COLLECTION = "Another address", "Another collection"
DAYS = 365
"""How far back a search for Sentinel-2 goes unless another day is chosen: all seasons once."""
CLOUD = 20
"""Most clouds of a first search, percent."""


def choose_search(state: Finding) -> tuple[str | None, Asked | None]:
    """The form: the area, None where none is typed, and the search, None while something is missing.

    Nothing is asked of any network here.
    """
    with st.container():  # each has its own: what comes and goes in one must not move, and so remake, the next
        catalog, collection = _catalog_and_collection()
    with st.container():
        start, end = _dates(collection)
    with st.container():
        cloud = _cloud() if is_sentinel2(collection) else None
    area = _area(state)
    if not (catalog and collection and area):
        return area, None
    try:
        wanted = Wanted(area_from_text(area).geom, start, end, cloud)
    except GraftError as error:
        st.error(str(error), icon=":material/error:")
        return area, None
    return area, Asked(catalog, collection, area, wanted)


def first_day(collection: str, today: date) -> date | None:
    """Where the dates begin by themselves: a year ago where an image is taken every few days, else long ago."""
    return today - timedelta(days=DAYS) if is_sentinel2(collection) else None


def is_sentinel2(collection: str) -> bool:
    """Whether images of a collection tell their clouds, as far as its name says."""
    return "sentinel2" in collection.replace("-", "").lower()


def _catalog_and_collection() -> tuple[str, str]:
    left, right = st.columns(2)
    named = str(
        left.selectbox(
            "Catalogue", [*CATALOGS, OTHER_CATALOG], key="find-catalog", persist_state="session", help=_WHOSE
        )
    )
    if named == OTHER_CATALOG:
        collection = right.text_input(
            "Collection", key="find-collection-there", persist_state="session", placeholder="its id there"
        )
        catalog = st.text_input(
            "Address of a STAC API",
            key="find-address",
            persist_state="session",
            placeholder="https://stac.example.org/v1",
        )
        return str(catalog).strip(), str(collection).strip()
    product = str(
        right.selectbox("Imagery", [*PRODUCTS, OTHER_COLLECTION], key="find-product", persist_state="session")
    )
    if product == OTHER_COLLECTION:
        typed = st.text_input("Collection", key="find-collection", persist_state="session", placeholder="its id there")
        return CATALOGS[named], str(typed).strip()
    return CATALOGS[named], PRODUCTS[product]


def _dates(collection: str) -> tuple[date | None, date | None]:
    """First and last day; each collection keeps its own, for they mean something else there."""
    left, right = st.columns(2)
    begin = first_day(collection, datetime.now(UTC).date())
    key = "sentinel2" if is_sentinel2(collection) else "other"
    start = left.date_input("From", begin, key=f"find-from-{key}", persist_state="session", format="YYYY-MM-DD")
    end = right.date_input("To", None, key=f"find-to-{key}", persist_state="session", format="YYYY-MM-DD")
    return start, end


def _cloud() -> float | None:
    limit = st.slider(
        "Clouds up to",
        0,
        100,
        CLOUD,
        5,
        format="%d %%",
        key="find-cloud",
        persist_state="session",
        help="Of a whole image, which is 110 km wide: your area may be clear in a cloudy one.",
    )
    return None if limit == 100 else float(limit)


def _area(state: Finding) -> str | None:
    """As typed; what stood there when the view was left stands there again."""
    if state.area and "area" not in st.session_state and "area" not in st.query_params:
        state.new_area = state.area
    area = choose_area(state)
    state.area = str(st.session_state.get("area", ""))
    return area


_WHOSE = (
    "Planetary Computer (Microsoft) and Earth Search (Element 84) have NAIP and Sentinel-2; NAIP of Earth Search needs "
    "AWS keys. Nothing is asked of them before you press Search."
)
