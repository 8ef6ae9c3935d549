"""The functions of the language: what they take, what they give, and how they are described."""

import inspect
import types
import typing
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

from graft_core.ask import measures, relations, vision
from graft_core.ask.values import Number, Region, Text, Truth, Unknown
from graft_core.ask.vision import Sight, Texts

Kind = Literal["region", "number", "truth", "text", "texts"]
KIND_OF: Mapping[Any, Kind] = {Region: "region", Number: "number", Truth: "truth", Text: "text", Texts: "texts"}
"""The types of values as the language tells them apart."""
SHOWN_KIND: Mapping[Kind, str] = {
    "region": "Region", "number": "Number", "truth": "Bool", "text": "Text", "texts": "list[Text]",
}  # fmt: skip


@dataclass(frozen=True)
class Function:
    """A function of the language."""

    name: str
    """As programs call it."""
    run: Callable[..., Any]
    """Takes values, gives a value; a function that looks takes `Sight` first and is a generator of progress."""
    takes: Mapping[str, Kind]
    """Its arguments, in order; all are needed."""
    gives: Kind
    """What comes out, unless it is unknown."""
    looks: bool
    """Whether it is one that takes `Sight`."""
    about: str
    """What it does, in one sentence."""
    example: str
    """One line of a program."""

    @property
    def signature(self) -> str:
        """``near(a: Region, b: Region, metres: Number) -> Region``."""
        taken = ", ".join(f"{name}: {SHOWN_KIND[kind]}" for name, kind in self.takes.items())
        return f"{self.name}({taken}) -> {SHOWN_KIND[self.gives]}"


def described(run: Callable[..., Any]) -> Function:
    """A function as its annotations and its docstring describe it."""
    hints = get_type_hints(run)
    given = hints.pop("return")
    looks = get_origin(given) is Generator
    about, _, example = (inspect.getdoc(run) or "").partition("\n\nExample: ")
    return Function(
        name=run.__name__,
        run=run,
        takes={name: KIND_OF[hint] for name, hint in hints.items() if hint is not Sight},
        gives=KIND_OF[_known(get_args(given)[2] if looks else given)],
        looks=looks,
        about=" ".join(about.split()),
        example=example,
    )


def _known(hint: Any) -> Any:
    """The type of a value that may be unknown."""
    if get_origin(hint) in (types.UnionType, typing.Union):
        return next(each for each in get_args(hint) if each is not Unknown)
    return hint


_ALL: tuple[Callable[..., Any], ...] = (
    vision.find, measures.exists, measures.count, measures.area, vision.share, vision.density, vision.score,
    vision.best_match, vision.classify, relations.near, relations.within, relations.outside, relations.north_of,
    relations.south_of, relations.east_of, relations.west_of, relations.largest, relations.smallest,
    relations.larger_than, relations.smaller_than, measures.compare,
)  # fmt: skip
FUNCTIONS: Mapping[str, Function] = {run.__name__: described(run) for run in _ALL}
"""By name, in the order they are described."""


def signatures() -> str:
    """The functions as a prompt or a page shows them: signature, what it does, one example, function by function."""
    return "\n\n".join(
        f"{each.signature}\n    {each.about}\n    Example: {each.example}" for each in FUNCTIONS.values()
    )
