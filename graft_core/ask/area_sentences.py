"""How much: areas in m2, shares of the scene or of a part of it."""

from graft_core.ask.condition import LIMIT, sign
from graft_core.ask.count_sentences import sum_of, things
from graft_core.ask.draft import Draft, Groups, Sizes, drafted, sentence, text_literal
from graft_core.ask.phrases import Named, read_phrase
from graft_core.ask.place_words import first_place
from graft_core.ask.quantities import AREA, AREA_UNIT, SHARE, literal, share, square_metres
from graft_core.ask.question_text import WHOLE

_AREA = r"(?:area|surface area|surface|extent|size|footprint|coverage)"
_COVERED = (
    r"(?:(?:that |which )?(?:is |are )?(?:covered|occupied|taken up|taken|filled|made up|dominated|used)"
    r"(?: by| with| of| for)?|belongs to)"
)
_COVERS = r"(?:cover|occupy|take up|fill|make up|have|take)"
_PART = r"(?:share|percentage|percent|per cent|%|fraction|proportion|part|portion)"
_WHAT_PART = rf"(?:what|which|how large a|how big a|how many) {_PART}"
_WHOLE = rf"(?:{WHOLE}|(?:the )?(?:land|ground|surface|total area|total))"


def _area(groups: Groups, sizes: Sizes) -> Draft | None:
    return sum_of("area", groups["x"], sizes)


def _whole_area(groups: Groups, sizes: Sizes) -> Draft | None:
    return Draft("area(scene)")


def _mean_area(groups: Groups, sizes: Sizes) -> Draft | None:
    named = things(groups["x"], sizes)
    return drafted("found = {}\narea(found) / count(found)", named.draft) if named else None


def _area_limit(groups: Groups, sizes: Sizes) -> Draft | None:
    area = sum_of("area", groups["x"], sizes)
    return drafted(f"{{}} {sign(groups)} {literal(square_metres(groups['m2']))}", area) if area else None


def _share(groups: Groups, sizes: Sizes) -> Draft | None:
    return share_of(groups["x"], sizes)


def share_of(text: str, sizes: Sizes) -> Draft | None:
    """Share of the scene that a phrase, or all phrases of a list together, cover."""
    named = things(text, sizes)
    if named is None:
        area = sum_of("area", text, sizes)
        return drafted("({}) / area(scene)", area) if area else None
    if named.plain and not named.draft.notices:
        return Draft(f"share(scene, {text_literal(named.words)})")
    return drafted("area({}) / area(scene)", named.draft)


def _share_within(groups: Groups, sizes: Sizes) -> Draft | None:
    """Share of the forest that is near a road, share of the town that is covered by trees."""
    among = things(groups["y"], sizes)
    if among is None:
        return None
    found = first_place(groups["x"])
    if found is not None and found.start == 0:
        kept = read_phrase(f"{groups['y']} {groups['x']}", sizes)
        return _ratio(kept, among) if kept is not None and not kept.plain else None
    what = things(groups["x"], sizes)
    if what is None or not what.plain:
        return None
    return drafted(f"share({{}}, {text_literal(what.words)})", among.draft)


def _ratio(kept: Named, among: Named) -> Draft:
    function = "count" if among.plural else "area"
    return drafted(f"{function}({{}}) / {function}({{}})", kept.draft, among.draft)


def _share_limit(groups: Groups, sizes: Sizes) -> Draft | None:
    part = share_of(groups["x"], sizes)
    return drafted(f"{{}} {sign(groups)} {literal(share(groups['share']))}", part) if part else None


def _mostly(groups: Groups, sizes: Sizes) -> Draft | None:
    part = share_of(groups["x"], sizes)
    return drafted("{} > 0.5", part) if part else None


SHARES = (
    sentence(rf"{_WHAT_PART} of {_WHOLE} (?:is|are|do|does) {_COVERED} (?P<x>.+)", _share),
    sentence(rf"{_WHAT_PART} of {_WHOLE} (?:do|does) (?P<x>.+?) {_COVERS}", _share),
    sentence(rf"{_WHAT_PART} of {_WHOLE} (?:is|are) (?P<x>.+)", _share),
    sentence(rf"how much(?: {_PART})? of {_WHOLE} (?:is|are) (?:{_COVERED} )?(?P<x>.+)", _share),
    sentence(rf"how much(?: {_PART})? of {_WHOLE} (?:do|does) (?P<x>.+?) {_COVERS}", _share),
    sentence(rf"(?:what is )?(?:the )?{_PART} of {_WHOLE} {_COVERED} (?P<x>.+)", _share),
    sentence(rf"(?:what|which) {_PART} (?:is|are) (?:{_COVERED} )?(?P<x>.+)", _share),
    sentence(
        rf"(?:what is )?(?:the )?{_PART} (?:of|covered by|covered with|for) (?P<x>.+?)(?: (?:of|in) {_WHOLE})?", _share
    ),
    sentence(rf"(?:what is )?(?:the )?(?P<x>.+?) {_PART}(?: of {_WHOLE})?", _share),
    sentence(rf"to what (?:extent|degree|{_PART}) is {_WHOLE} {_COVERED} (?P<x>.+)", _share),
    sentence(rf"is (?:the )?{_PART} of (?P<x>.+?) {LIMIT} (?P<share>{SHARE})", _share_limit),
    sentence(rf"(?:is|are) {LIMIT} (?P<share>{SHARE}) of {_WHOLE} (?:{_COVERED} )?(?P<x>.+)", _share_limit),
    sentence(rf"(?:do|does) (?P<x>.+?) {_COVERS} {LIMIT} (?P<share>{SHARE}) of {_WHOLE}", _share_limit),
    sentence(rf"(?:is|are) (?P<x>.+?) {LIMIT} (?P<share>{SHARE}) of {_WHOLE}", _share_limit),
    sentence(rf"is (?:the )?(?P<x>.+?) {_PART} {LIMIT} (?P<share>{SHARE})", _share_limit),
    sentence(
        rf"(?:is|are) (?:most|the (?:majority|larger part|greater part)) of {_WHOLE} (?:{_COVERED} )?(?P<x>.+)", _mostly
    ),
    sentence(rf"is (?:{_WHOLE}|it|this) (?:mostly|mainly|predominantly|largely) (?:{_COVERED} )?(?P<x>.+)", _mostly),
    sentence(rf"is (?:{_WHOLE}|it|this) (?:covered|dominated) (?:by|with) (?P<x>.+)", _mostly),
    sentence(rf"(?:do|does) (?P<x>.+?) {_COVERS} (?:most|the majority) of {_WHOLE}", _mostly),
    sentence(
        rf"(?:what|which) {_PART} of (?P<y>.+?) (?:is|are|lie|lies|stand|stands) (?:{_COVERED} )?(?P<x>.+)",
        _share_within,
    ),
    sentence(rf"how much of (?P<y>.+?) (?:is|are|lies|lie) (?:{_COVERED} )?(?P<x>.+)", _share_within),
)

AREAS = (
    sentence(rf"(?:what is )?(?:the )?(?:average|mean) {_AREA} of (?P<x>.+)", _mean_area),
    sentence(r"how (?:big|large) (?:is|are) (?P<x>.+?) on average", _mean_area),
    sentence(rf"(?:what is )?(?:the )?(?:total )?{_AREA} of {WHOLE}|how (?:big|large) is {WHOLE}", _whole_area),
    sentence(rf"is (?:the )?(?:total )?{_AREA} (?:of|{_COVERED}) (?P<x>.+?) {LIMIT} (?P<m2>{AREA})", _area_limit),
    sentence(rf"(?:do|does) (?P<x>.+?) {_COVERS} {LIMIT} (?P<m2>{AREA})", _area_limit),
    sentence(
        rf"(?:what is |what are )?(?:the )?(?:total |combined |overall |whole )?{_AREA} (?:of|{_COVERED}) (?P<x>.+)",
        _area,
    ),
    sentence(r"(?:what is )?the (?:total )?(?P<x>.+?) (?:area|surface|coverage|extent|size)", _area),
    sentence(rf"what (?:{_AREA}|land) (?:is|are) {_COVERED} (?P<x>.+)", _area),
    sentence(rf"(?:what|how much) (?:{_AREA}|land|ground|space) (?:do|does) (?P<x>.+?) {_COVERS}", _area),
    sentence(rf"how (?:big|large|extensive|wide) (?:is|are) (?:the {_AREA} (?:of|{_COVERED}) )?(?P<x>.+)", _area),
    sentence(rf"how much (?:{_AREA}|land|ground|space) (?:is|are) (?:there )?{_COVERED} (?P<x>.+)", _area),
    sentence(rf"how many {AREA_UNIT} of (?P<x>.+?)(?: (?:is|are) there| there (?:is|are))?", _area),
    sentence(rf"how many {AREA_UNIT} (?:do|does) (?P<x>.+?) {_COVERS}", _area),
    sentence(rf"how many {AREA_UNIT} (?:is|are) (?:{_COVERED} )?(?P<x>.+)", _area),
    sentence(
        r"how much (?P<x>.+?)(?: (?:(?:is|are) (?:there|present|visible)|there (?:is|are)|do you see|can you see))?",
        _area,
    ),
    sentence(r"how much (?P<x>.+)", _area),
)
