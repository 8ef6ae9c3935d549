"""Which is more: counts, areas and shares compared with each other."""

from graft_core.ask.count_sentences import things
from graft_core.ask.draft import Builder, Draft, Groups, Sizes, drafted, halves, sentence, text_literal
from graft_core.ask.phrases import Named
from graft_core.ask.place_words import first_place
from graft_core.ask.question_text import WHOLE

_DENSER = (("larger", ">"), ("higher", ">"), ("greater", ">"), ("smaller", "<"), ("lower", "<"), ("less", "<"))
_SIGNS = {"more": ">", "less": "<", "fewer": "<"}
_LARGER = r"(?:larger|bigger|greater|higher|more|longer|wider)"
_SMALLER = r"(?:smaller|less|fewer|lower)"
_NUMBER_OF = r"(?:the )?(?:total )?(?:number|amount|count|quantity) of"
_SIZE_OF = r"(?:the )?(?:total )?(?:area|surface|size|extent|share|percentage)(?: covered)? (?:of|by)"
_SEE = (
    r"(?:are there|is there|do you see|can you see|do we have"
    rf"|(?:does|do) (?:{WHOLE}|it) (?:contain|show|have|include|hold))"
)


def _pair(function: str, operator: str, x: Named, y: Named) -> Draft:
    return drafted(f"first = {{}}\nsecond = {{}}\n{function}(first) {operator} {function}(second)", x.draft, y.draft)


def _two(text: str, separator: str, sizes: Sizes) -> tuple[Named, Named] | None:
    """The two phrases around a separator."""
    for first, second in halves(text, separator):
        x, y = things(first, sizes), things(_with_noun(second, first), sizes)
        if x is not None and y is not None:
            return x, y
    return None


def _with_noun(second: str, first: str) -> str:
    """``near the river``, after ``houses near the lake``, means houses too."""
    place, place_of_first = first_place(second), first_place(first)
    if place is None or place.start or place_of_first is None:
        return second
    return f"{first[: place_of_first.start]}{second}"


def _compared(function: str, operator: str, separator: str = " than ") -> Builder:
    def build(groups: Groups, sizes: Sizes) -> Draft | None:
        two = _two(groups["xy"], separator, sizes)
        return _pair(function, operator, *two) if two else None

    return build


def _sides(function: str, operator: str) -> Builder:
    """Two phrases that a pattern has told apart."""

    def build(groups: Groups, sizes: Sizes) -> Draft | None:
        x, y = things(groups["x"], sizes), things(groups["y"], sizes)
        return _pair(function, operator, x, y) if x and y else None

    return build


def _more_or_less(groups: Groups, sizes: Sizes) -> Draft | None:
    """More houses than lakes compares counts; more forest than water compares areas."""
    two = _two(groups["xy"], " than ", sizes)
    if two is None:
        return None
    counted = groups["verb"].startswith("are") or two[0].plural
    return _pair("count" if counted else "area", _SIGNS[groups["sign"]], *two)


def _as_much(groups: Groups, sizes: Sizes) -> Draft | None:
    two = _two(groups["xy"], " as ", sizes)
    return _pair("count" if groups["many"] == "many" else "area", "==", *two) if two else None


def _densities(groups: Groups, sizes: Sizes) -> Draft | None:
    for words, operator in ((f" {word} than ", sign) for word, sign in _DENSER):
        for separator in (f"{words}the density of ", f"{words}that of ", words):
            two = _two(groups["xy"], separator, sizes)
            if two is not None:
                return _pair("density", operator, *two)
    return None


def _difference(groups: Groups, sizes: Sizes) -> Draft | None:
    two = _two(groups["xy"], " than ", sizes)
    if two is None:
        return None
    x, y = two if groups["sign"] == "more" else two[::-1]
    return drafted("count({}) - count({})", x.draft, y.draft)


def _which(groups: Groups, sizes: Sizes) -> Draft | None:
    """Which is larger, a or b; ties are said."""
    two = _two(groups["xy"], " or ", sizes) or _two(groups["xy"], " and ", sizes)
    if two is None:
        return None
    x, y = two
    how = groups.get("how", "")
    counted = "many" in how or "numerous" in how or "number" in how or (x.plural and "are" in how)
    function = "count" if counted else "area"
    operator = "<" if any(word in how for word in ("small", "less", "few")) else ">"
    first, second = text_literal(x.words), text_literal(y.words)
    tie = '"equally many"' if counted else '"equally large"'
    return drafted(
        f"first = {{}}\nsecond = {{}}\none = {function}(first)\nother = {function}(second)\n"
        f"{first} if one {operator} other else ({second} if one != other else {tie})",
        x.draft,
        y.draft,
    )


def _number_of(sign_words: str, operator: str) -> tuple[str, Builder]:
    return (
        rf"(?:is|are) {_NUMBER_OF} (?P<x>.+?) {sign_words} (?:{_NUMBER_OF}|that of|those of) (?P<y>.+)",
        _sides("count", operator),
    )


def _size_of(sign_words: str, operator: str) -> tuple[str, Builder]:
    return (
        rf"(?:is|are) {_SIZE_OF} (?P<x>.+?) {sign_words} (?:{_SIZE_OF}|that of|those of) (?P<y>.+)",
        _sides("area", operator),
    )


_EQUAL = r"(?:equal to|the same as|as (?:large|high|big|great) as|identical to|equal)"
_UNEQUAL = r"(?:different from|not equal to|not the same as|unequal to)"

COMPARISONS = (
    sentence(rf"(?P<verb>{_SEE}) (?P<sign>more|less|fewer) (?P<xy>.+)", _more_or_less),
    sentence(rf"{_SEE} as (?P<many>many|much) (?P<xy>.+)", _as_much),
    sentence(rf"{_SEE} the same (?:number|amount) of (?P<xy>.+)", _compared("count", "==", " and ")),
    sentence(*_number_of(_EQUAL, "==")),
    sentence(*_number_of(_UNEQUAL, "!=")),
    sentence(*_number_of(rf"{_LARGER} than", ">")),
    sentence(*_number_of(rf"{_SMALLER} than", "<")),
    sentence(*_number_of(rf"{_LARGER} than or equal to", ">=")),
    sentence(*_number_of(rf"{_SMALLER} than or equal to", "<=")),
    sentence(r"is the density of (?P<xy>.+)", _densities),
    sentence(*_size_of(_EQUAL, "==")),
    sentence(*_size_of(rf"{_LARGER} than", ">")),
    sentence(*_size_of(rf"{_SMALLER} than", "<")),
    sentence(r"(?:do|does) (?P<x>.+?) outnumber (?P<y>.+)", _sides("count", ">")),
    sentence(r"(?:is|are) (?P<x>.+?) more (?:numerous|common|frequent) than (?P<y>.+)", _sides("count", ">")),
    sentence(r"(?:is|are) (?P<x>.+?) (?:less|fewer) (?:numerous|common|frequent) than (?P<y>.+)", _sides("count", "<")),
    sentence(
        r"(?:do|does) (?P<x>.+?) (?:cover|occupy|take up|fill) (?:a )?(?:more|larger)(?: area| ground| land| space)?"
        r" than (?P<y>.+?)(?: (?:do|does))?",
        _sides("area", ">"),
    ),
    sentence(
        r"(?:do|does) (?P<x>.+?) (?:cover|occupy|take up|fill) (?:a )?(?:less|smaller)(?: area| ground| land| space)?"
        r" than (?P<y>.+?)(?: (?:do|does))?",
        _sides("area", "<"),
    ),
    sentence(rf"(?:is|are) (?P<x>.+?)(?: area)? {_LARGER} than (?P<y>.+?)(?: area)?", _sides("area", ">")),
    sentence(rf"(?:is|are) (?P<x>.+?)(?: area)? {_SMALLER} than (?P<y>.+?)(?: area)?", _sides("area", "<")),
    sentence(rf"(?:is|are) more of {WHOLE} (?:covered (?:by|with) )?(?P<xy>.+)", _compared("area", ">")),
    sentence(
        r"is (?:more|a larger|a bigger) (?:area|land|ground|space|surface) (?:covered|taken up|occupied) (?:by|with)"
        r" (?P<x>.+?) than (?:by |with )?(?P<y>.+)",
        _sides("area", ">"),
    ),
    sentence(
        r"is (?:less|a smaller) (?:area|land|ground|space|surface) (?:covered|taken up|occupied) (?:by|with)"
        r" (?P<x>.+?) than (?:by |with )?(?P<y>.+)",
        _sides("area", "<"),
    ),
    sentence(r"how many (?P<sign>more|fewer|less) (?P<xy>.+?)(?: are there| there are| exist)?", _difference),
    sentence(
        r"(?:which|what) (?P<how>(?:one )?(?:is|are|has|covers|cover|takes up|there are|is there|are there)"
        r"(?: the)? (?:larger|bigger|smaller|more|less|fewer|most|greater|largest|biggest)(?: numerous| common| one)?"
        r"(?: area| land| ground| space| of)?)[,:]? (?P<xy>.+)",
        _which,
    ),
    sentence(r"(?P<how>are there more) (?P<xy>.+ or .+)", _which),
    sentence(r"(?P<how>is there (?:more|less)) (?P<xy>.+ or .+)", _which),
)
