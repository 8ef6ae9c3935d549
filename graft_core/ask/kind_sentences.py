"""What it is: rural or urban, this or that."""

from graft_core.ask.condition import names_in
from graft_core.ask.draft import Builder, Draft, Groups, Sizes, sentence, text_literal
from graft_core.ask.phrases import read_plain
from graft_core.ask.question_text import WHOLE

RURAL = "forest + crop field + meadow + orchard + wetland"
"""What fills a rural scene."""
URBAN = "residential area + downtown + industrial area + parking lot + apartment building"
"""What fills an urban scene."""

_KIND = f"rural = {text_literal(RURAL)}\nurban = {text_literal(URBAN)}\nkind = classify(scene, [rural, urban])\n"
_RURAL = r"(?:rural|countryside|the countryside|in the countryside|country)"
_URBAN = r"(?:urban|built-up|city|town|in a city|in a town|in the city)"
_IT = rf"(?:it|this|that|{WHOLE})"
_SPOT = r"(?: (?:area|scene|place|region|landscape|environment|zone|setting|location|one|image))?"
_MOST = 8
"""Alternatives in one question."""


def _rural_or_urban(groups: Groups, sizes: Sizes) -> Draft | None:
    return Draft(f'{_KIND}"rural" if kind == rural else "urban"')


def _is_kind(kind: str) -> Builder:
    return lambda groups, sizes: Draft(f"{_KIND}kind == {kind}")


def _best(groups: Groups, sizes: Sizes) -> Draft | None:
    return _choice("best_match", groups["xy"], sizes)


def _most_of(groups: Groups, sizes: Sizes) -> Draft | None:
    return _choice("classify", groups["xy"], sizes)


def _choice(function: str, text: str, sizes: Sizes) -> Draft | None:
    """One of several names."""
    names = [read_plain(part, sizes) for part in names_in(text)]
    found = [name for name in names if name is not None]
    if not 2 <= len(found) == len(names) <= _MOST:
        return None
    words = ", ".join(dict.fromkeys(text_literal(name.words) for name in found))
    return Draft(f"{function}(scene, [{words}])")


_A = r"(?:an? |more |mostly |rather |mainly )*"
_EITHER = rf"(?:{_A}{_RURAL}{_SPOT},? or {_A}{_URBAN}{_SPOT}|{_A}{_URBAN}{_SPOT},? or {_A}{_RURAL}{_SPOT})"
_WHAT = r"(?:what|which)(?: (?:kind|type|sort) of)?(?: (?:area|scene|place|landscape|region|land|class))?"

KINDS = (
    sentence(
        rf"(?:(?:is|would you call|does) {_IT}(?: (?:show|look like|look|depict|lie in))?(?: in)? "
        rf"|{_WHAT} (?:is|does) {_IT}(?: show)?[,:]? )?"
        rf"(?:is )?{_EITHER}",
        _rural_or_urban,
    ),
    sentence(rf"(?:is|does) {_IT}(?: (?:show|depict|look))? {_A}{_RURAL}{_SPOT}", _is_kind("rural")),
    sentence(rf"(?:is|does) {_IT}(?: (?:show|depict|look))? {_A}{_URBAN}{_SPOT}", _is_kind("urban")),
    sentence(rf"{_WHAT} (?:is|does) {_IT}(?: (?:show|look like|most likely))?[,:]? (?P<xy>.+)", _best),
    sentence(rf"{_WHAT} (?:is|can be) (?:shown|seen|depicted|visible)?(?: here)?[,:]? ?(?P<xy>.+ or .+)", _best),
    sentence(
        rf"(?:which|what) (?:of these )?(?:fits|matches|describes|suits)(?: {_IT})?(?: best| better)?[,:]? (?P<xy>.+)",
        _best,
    ),
    sentence(
        rf"(?:what|which)(?: of these| class)? (?:covers most of|dominates|prevails in|is dominant in) {_IT}"
        r"[,:]? (?P<xy>.+)",
        _most_of,
    ),
    sentence(rf"(?:does|do) {_IT} look (?:more )?like (?P<xy>.+ or .+)", _best),
    sentence(
        rf"(?:is|are) (?:it|this|that|these|those|{WHOLE}) (?:more |rather |more like )?(?:like )?(?P<xy>.+ or .+)",
        _best,
    ),
)
