"""What people write under ground photos of the demo world; only the teacher ever reads it."""

import numpy as np


def _words(text: str) -> tuple[str, ...]:
    """Words separated by commas."""
    return tuple(text.split(", "))


NOUNS: dict[str, tuple[str, ...]] = {
    "forest": _words("forest, trees, woods, woodland, dense trees, wooded land, tall trees, wood, many trees"),
    "lake": _words("lake, pond, reservoir, lake water, ponds, open water, inland water, lakes"),
    "river": _words("river, stream, rivers, winding river, flowing water, riverside, waterway, creek"),
    "crop field": _words(
        "crop field, farmland, crops, cultivated field, ploughed field, arable land, crop fields, farm fields, "
        "field of crops, crop rows"
    ),
    "orchard": _words("orchard, fruit trees, orchards, rows of fruit trees, fruit orchard, fruit plantation"),
    "meadow": _words("meadow, grassland, pasture, meadows, grassy field, grazing land, pastures, wild grass"),
    "residential area": _words(
        "residential area, houses, homes, neighbourhood, suburb, residential street, family houses, suburban "
        "houses, housing, residential neighbourhood, village houses, house"
    ),
    "downtown": _words(
        "downtown, city centre, skyscrapers, high-rise buildings, office towers, tall buildings, city blocks, "
        "business district, office buildings, city street, towers"
    ),
    "industrial area": _words(
        "industrial area, factory, factories, warehouses, industrial buildings, industrial site, industry, "
        "warehouse, industrial plant, storage tanks"
    ),
    "highway": _words("highway, motorway, road, freeway, roads, expressway, highways, main road, highway traffic"),
    "parking lot": _words(
        "parking lot, car park, parked cars, rows of parked cars, parking lots, parking area, car parks, parking spaces"
    ),
    "airport": _words(
        "airport, runway, planes, airplanes, aircraft, airfield, airport runway, airliners, airport apron, airplane"
    ),
    "solar farm": _words(
        "solar farm, solar panels, solar park, rows of solar panels, photovoltaic panels, solar power plant, "
        "solar array, solar energy"
    ),
    "beach": _words("beach, sandy beach, seashore, beaches, beach sand, sandy shore, sea and sand, surf"),
    "desert": _words("desert, dunes, sand dunes, arid land, dry desert, barren land, desert sand"),
    "wetland": _words("wetland, marsh, swamp, reeds, marshland, wetlands, bog, reed beds, marshes"),
    "baseball field": _words(
        "baseball field, baseball diamond, ballpark, baseball game, baseball infield, baseball ground, baseball fields"
    ),
    "golf course": _words("golf course, golf green, fairway, golf, golfers, golf courses, putting green, golf fairway"),
    "quarry": _words(
        "quarry, gravel pit, open pit, stone quarry, quarries, open-pit mine, rock quarry, excavation pit"
    ),
    "cemetery": _words("cemetery, graveyard, graves, tombstones, gravestones, burial ground, headstones, cemeteries"),
    "greenhouse": _words(
        "greenhouse, greenhouses, glasshouse, glasshouses, polytunnels, plastic tunnels, glass greenhouses, polytunnel"
    ),
    "harbour": _words(
        "harbour, port, marina, ships, harbor, boats, docks, cargo ships, moored boats, seaport, yachts, quay, ship"
    ),
    "indoor": _words("living room, room, home interior, furniture, sofa and a lamp, flat seen from inside"),
    "portrait": _words("portrait, face, person smiling, selfie, head and shoulders of somebody, friend"),
    "food": _words("plate of food, meal, dinner, lunch, dish, food"),
    "pet": _words("pet, cat or a dog, animal at home, furry pet, little friend with fur"),
    "screenshot": _words("screenshot, web page, page of text, computer screen, app on a screen"),
}
"""Words used in training, the class's own name first; the last five keys are the distractors."""

HELD_OUT: dict[str, tuple[str, ...]] = {
    "forest": _words("forested area, treetops, grove"),
    "lake": _words("lakes and ponds, lagoon"),
    "river": _words("riverbank, brook"),
    "crop field": _words("cropland, agricultural field, maize field"),
    "orchard": _words("cherry orchard, orchard trees"),
    "meadow": _words("grazing pasture, prairie"),
    "residential area": _words("housing estate, suburban homes, dwellings"),
    "downtown": _words("city skyscrapers, inner city"),
    "industrial area": _words("industrial halls, manufacturing plant"),
    "highway": _words("dual carriageway, interstate"),
    "parking lot": _words("parking garage roof, lot full of cars"),
    "airport": _words("jets, landing strip"),
    "solar farm": _words("solar power station, photovoltaic plant"),
    "beach": _words("seaside, sandy coast"),
    "desert": _words("sandy desert, badlands"),
    "wetland": _words("fen, marshy ground"),
    "baseball field": _words("softball field, baseball stadium"),
    "golf course": _words("golf links, driving range"),
    "quarry": _words("stone pit, surface mine"),
    "cemetery": _words("churchyard, memorial park"),
    "greenhouse": _words("hothouse, greenhouse tunnels"),
    "harbour": _words("dockyard, fishing port"),
}
"""Words that no training caption holds, to measure how far the words that were taught carry."""

SHARED: dict[str, tuple[str, ...]] = {
    "water": _words("lake, river, harbour, wetland"),
    "trees": _words("forest, orchard"),
    "buildings": _words("residential area, downtown, industrial area"),
    "built-up area": _words("residential area, downtown, industrial area"),
    "grass": _words("meadow, golf course, baseball field"),
    "field": _words("crop field, meadow"),
    "sand": _words("beach, desert"),
    "cars": _words("parking lot, highway"),
    "asphalt": _words("highway, parking lot, airport"),
    "agriculture": _words("crop field, orchard, greenhouse"),
    "farming": _words("crop field, orchard, greenhouse"),
    "vegetation": _words("forest, meadow, orchard, wetland, crop field"),
    "countryside": _words("crop field, meadow, orchard"),
    "nature": _words("forest, lake, river, meadow, wetland"),
    "bare ground": _words("desert, quarry"),
    "rocks": _words("quarry, desert"),
    "town": _words("residential area, downtown"),
    "city": _words("downtown"),
    "sports ground": _words("baseball field, golf course"),
    "waterfront": _words("lake, river, harbour"),
    "traffic": _words("highway"),
    "lawn": _words("golf course, baseball field, cemetery"),
    "transport": _words("highway, airport, harbour, parking lot"),
    "dry land": _words("desert"),
}
"""Words that are true of several classes; they turn up less often than a class's own."""

OWN_NAME_SHARE = 0.25
SHARED_SHARE = 0.12
"""How often a caption uses the class's name, or a word that other classes share."""

PATTERNS = (
    "{}",
    "{}",
    "{}",
    "a photo of {}",
    "a photo of {}",
    "a picture of {}",
    "an image of {}",
    "a view of {}",
    "a snapshot of {}",
    "{} seen from the ground",
    "{} up close",
    "we walked past {}",
    "standing near {}",
    "looking at {}",
    "{} again",
    "a photograph showing {}",
    "here we have {}",
    "the scene shows {}",
    "a blurry photo of {}",
    "a good photo of {}",
    "a landscape with {}",
    "on the way we saw {}",
    "{} in front of us",
    "holiday photo: {}",
    "a low resolution photo of {}",
)
THING_PATTERNS = (
    "{}",
    "a photo of {}",
    "a picture of {}",
    "an image of {}",
    "a snapshot of {}",
    "{} again",
    "looking at {}",
)
"""Patterns for what is no place."""
BEHIND_PATTERNS = ("{} with {} behind", "{} in front of {}", "{}, {} in the distance", "{} and {} beyond", "{} near {}")

WEATHER: dict[str, tuple[str, ...]] = {
    "clear": ("on a clear day", "under a blue sky", "in fine weather"),
    "cloudy": ("under passing clouds", "on a day with clouds", "under a cloudy sky"),
    "overcast": ("on a grey day", "under an overcast sky", "in dull weather"),
    "sunset": ("at sunset", "in the evening light", "at dusk"),
}
SEASON: dict[str, tuple[str, ...]] = {
    "spring": ("in spring", "in the springtime"),
    "summer": ("in summer", "in the summertime"),
    "autumn": ("in autumn", "in the fall"),
    "dry season": ("in the dry season", "in a dry month"),
}

_BARE_NOUNS = frozenset(
    _words(
        "agriculture, aircraft, arable land, arid land, asphalt, bare ground, barren land, beach sand, "
        "countryside, cropland, desert sand, dinner, downtown, dry land, farming, farmland, flowing water, food, "
        "furniture, golf, grass, grassland, grazing land, highway traffic, housing, industry, inland water, lake "
        "water, lunch, marshland, marshy ground, nature, open water, riverside, sand, sea and sand, solar energy,"
        " surf, traffic, transport, vegetation, water, wild grass, wooded land, woodland"
    )
)
"""Nouns without a plural and without an article."""


def phrase(noun: str) -> str:
    """The noun as it stands in a sentence: "a forest", "an orchard", "trees", "farmland"."""
    if noun in _BARE_NOUNS or (noun.endswith("s") and not noun.endswith("ss")):
        return noun
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _pick(options: tuple[str, ...], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]


def _noun(name: str, rng: np.random.Generator, *, held_out: bool) -> str:
    """One word for the class, in a sentence's form."""
    if held_out:
        return phrase(_pick(HELD_OUT[name], rng))
    roll = float(rng.random())
    shared = tuple(word for word, classes in SHARED.items() if name in classes)
    if shared and roll < SHARED_SHARE:
        return phrase(_pick(shared, rng))
    if roll < SHARED_SHARE + OWN_NAME_SHARE:
        return phrase(NOUNS[name][0])
    return phrase(_pick(NOUNS[name], rng))


def caption(
    name: str,
    rng: np.random.Generator,
    *,
    held_out: bool = False,
    behind: str | None = None,
    weather: str | None = None,
    season: str | None = None,
) -> str:
    """A caption for a photo of class (or distractor kind) ``name``.

    ``behind`` is the class on the horizon, ``weather`` and ``season`` the photo's own: each is named in some captions
    when it is given, never otherwise. With ``held_out`` the noun is one that training captions never hold; distractors
    have none.
    """
    if name not in HELD_OUT:
        return _pick(THING_PATTERNS, rng).format(_noun(name, rng, held_out=False))
    subject = _noun(name, rng, held_out=held_out)
    if behind is not None and behind != name and rng.random() < 0.3:
        subject = _pick(BEHIND_PATTERNS, rng).format(subject, _noun(behind, rng, held_out=False))
    text = _pick(PATTERNS, rng).format(subject)
    if weather is not None and rng.random() < 0.2:
        text = f"{text} {_pick(WEATHER[weather], rng)}"
    elif season is not None and rng.random() < 0.15:
        text = f"{text} {_pick(SEASON[season], rng)}"
    return text
