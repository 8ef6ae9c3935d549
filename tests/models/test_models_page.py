"""docs/models.md says of every known model what the catalogue says, and how we know it."""

from pathlib import Path, PurePosixPath

import pytest

from graft_core import settings
from graft_core.models.architectures import CLIP_MEAN, CLIP_STD
from graft_core.models.catalogue import known_models
from graft_core.models.sources import (
    ArchiveMember,
    ClipRecipe,
    GraftRecipe,
    HubFile,
    ModelEntry,
    SamRecipe,
    Source,
    Url,
)

PAGE = settings.PROJECT_ROOT / "docs" / "models.md"
SENSORS = {"naip": "NAIP", "sentinel2": "Sentinel-2", "rgb": "any"}
ENTRIES = {entry.name: entry for entry in known_models()}


def input_of(entry: ModelEntry) -> str:
    recipe = entry.recipe
    if isinstance(recipe, ClipRecipe | GraftRecipe):
        mean, std = (recipe.mean, recipe.std) if isinstance(recipe, ClipRecipe) else (CLIP_MEAN, CLIP_STD)
        colours = "CLIP's colours" if (mean, std) == (CLIP_MEAN, CLIP_STD) else f"mean {short(mean)}, std {short(std)}"
        return f"{entry.tile_px} px, {colours}"
    if isinstance(recipe, SamRecipe):
        return "up to 1024 px"
    return f"{entry.tile_px} px, colours in its files" if entry.tile_px else "a scene"


def short(colour: tuple[float, float, float]) -> str:
    return f"{colour[0]:g}" if len(set(colour)) == 1 else " ".join(f"{value:g}" for value in colour)


def sensor_of(entry: ModelEntry) -> str:
    if entry.sensor is None:
        return "any"
    gsd = "" if entry.sensor == "rgb" else f", {entry.gsd:.3g} m"
    return f"{SENSORS[entry.sensor]}{gsd}"


def source_of(source: Source) -> str:
    if isinstance(source, HubFile):
        return f"hub `{source.repo}`: `{source.path}`"
    if isinstance(source, ArchiveMember):
        return f"`{source.saved_as}` in {source.project} {source.version}"
    if isinstance(source, Url):
        return f"`{PurePosixPath(source.url).name}` at {source.url.split('/')[2]}"
    return f"`{source.member}` in `{PurePosixPath(source.url).name}` at {source.url.split('/')[2]}"


def file_of(entry: ModelEntry) -> str:
    """Each place its files are had from, with the beginning of the hash that was published."""
    if not entry.files[0].sources:
        return f"`{entry.files[0].names[0]}`, by hand"
    parts = []
    for source in (source for wanted in entry.files for source in wanted.sources):
        parts.append(source_of(source) + (f" ({source.sha256[:12]})" if source.sha256 else " (no hash)"))
    return "; ".join(parts)


def row(entry: ModelEntry) -> str:
    """What a line of the page begins with; after it comes how we know."""
    cells = (f"`{entry.name}`", entry.what, entry.licence, input_of(entry), sensor_of(entry), file_of(entry))
    return f"| {' | '.join(cells)} |"


def lines(page: Path) -> dict[str, str]:
    """Name -> line of the table."""
    rows = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    return {line.split("`")[1]: line for line in rows}


@pytest.mark.parametrize("name", ENTRIES)
def test_the_page_says_what_the_catalogue_says_and_how_it_is_known(name: str) -> None:
    line = lines(PAGE).get(name, "")
    assert line.startswith(row(ENTRIES[name])), f"docs/models.md wants the line: {row(ENTRIES[name])} how it is known |"
    assert len(line.removeprefix(row(ENTRIES[name])).strip(" |")) > 20


def test_the_page_names_no_model_that_is_not_known() -> None:
    assert lines(PAGE).keys() == ENTRIES.keys()
