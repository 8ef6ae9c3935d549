"""A query as one small value: it can be typed, shown, written to a file and asked again years later."""

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from graft_core.errors import QueryError
from graft_core.search.grammar import Piece, quoted, split_query
from graft_core.types import F32, QueryDefaults

VERSION = 1
"""Of the JSON form; a reader refuses any other."""

TermKind = Literal["text", "image", "tile"]
View = Literal["ground", "above"]

_VIEW_OF_PREFIX: Mapping[str, View] = {"photo": "ground", "chip": "above"}


@dataclass(frozen=True)
class Example:
    """The embedding of an image or a tile, kept in the query so that the file is not needed again."""

    vector: tuple[float, ...]
    """Unit vector, exactly the float32 values the encoder gave."""
    encoder_key: str
    """Key of the encoder that made it; it means nothing to any other."""
    sha256: str = ""
    """Of the image file, hex; empty for an indexed tile."""

    def array(self) -> F32:
        """(D,) float32."""
        return np.asarray(self.vector, dtype=np.float32)


@dataclass(frozen=True)
class TileRef:
    """One tile of an indexed scene."""

    scene: str
    """Name of the scene in the index."""
    row: int
    """Row in the absolute lattice."""
    col: int
    """Column in the absolute lattice."""
    example: Example | None = None
    """Its embedding, once it has been looked up."""

    @property
    def name(self) -> str:
        """``scene/row/col``, as it is typed and as results print it."""
        return f"{self.scene}/{self.row}/{self.col}"

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Term:
    """One part of a query, with its weight."""

    kind: TermKind
    """Words, an image file, or a tile of an indexed scene."""
    value: str
    """The words, the path of the image, or ``scene/row/col``."""
    weight: float = 1.0
    """Above 0: wanted; below 0: an alternative that a match must beat. Never 0."""
    view: View | None = None
    """Images only: taken on the ground (a photo) or from above (a satellite chip)."""
    example: Example | None = None
    """Images and tiles only: the embedding, once it has been looked up."""

    def __str__(self) -> str:
        """The term as it is typed, without its sign."""
        words = self.value if _plain(self) else quoted(self.value)
        prefix = {"text": "", "tile": "tile:", "image": "chip:" if self.view == "above" else "photo:"}[self.kind]
        amount = abs(self.weight)
        return f"{'' if amount == 1 else f'{amount:.12g}*'}{prefix}{words}"


@dataclass(frozen=True)
class Query:
    """Everything an analyst says about what she looks for; with an encoder it decides every score."""

    terms: tuple[Term, ...]
    """At least one with a weight above 0."""
    templates: tuple[str, ...] = ()
    """Prompt ensemble, ``{}`` for the words; empty: the encoder's own."""
    background: tuple[str, ...] = ()
    """What else a tile may be; empty: the encoder's own."""
    temperature: float | None = None
    """Cosine difference that multiplies the odds by e; None: the encoder's own."""
    likes: tuple[TileRef, ...] = ()
    """Tiles marked as right."""
    dislikes: tuple[TileRef, ...] = ()
    """Tiles marked as wrong."""

    def __post_init__(self) -> None:
        _check_terms(self.terms)
        for template in self.templates:
            if "{}" not in template:
                raise QueryError(f"Template '{template}' has no {{}} for the words; write it like 'a photo of {{}}'.")
        for words in self.background:
            if not words.strip():
                raise QueryError("A background prompt is empty; give words such as 'bare soil', or leave it out.")
        if self.temperature is not None and not (math.isfinite(self.temperature) and self.temperature > 0):
            raise QueryError(f"Temperature {self.temperature} must be a number above 0, for example 0.01.")
        both = {ref.name for ref in self.likes} & {ref.name for ref in self.dislikes}
        if both:
            raise QueryError(f"Tile {min(both)} is liked and disliked at once; keep one of the two marks.")

    @property
    def text(self) -> str:
        """The terms as one line; `parse_query` reads it back."""
        parts = [("- " if term.weight < 0 else "+ ") + str(term) for term in self.terms]
        return " ".join(parts).removeprefix("+ ")

    def with_defaults(self, defaults: QueryDefaults) -> "Query":
        """The same query with the encoder's templates, background and temperature written out where it has none."""
        return replace(
            self,
            templates=self.templates or defaults.templates,
            background=self.background or defaults.background,
            temperature=defaults.temperature if self.temperature is None else self.temperature,
        )

    def to_json(self) -> str:
        """One line of JSON, embeddings of images and tiles included."""
        return json.dumps(
            {
                "version": VERSION,
                "terms": [_term_fields(term) for term in self.terms],
                "templates": list(self.templates),
                "background": list(self.background),
                "temperature": self.temperature,
                "likes": [_ref_fields(ref) for ref in self.likes],
                "dislikes": [_ref_fields(ref) for ref in self.dislikes],
            }
        )

    @staticmethod
    def from_json(text: str) -> "Query":
        """Read what `to_json` wrote.

        Raises:
            QueryError: not JSON, another version, or a field that is unknown, missing or of the wrong kind.
        """
        try:
            fields = json.loads(text)
        except ValueError as error:
            raise QueryError(f"The stored query is not JSON ({error}); write it again with this program.") from error
        if not isinstance(fields, dict) or fields.pop("version", None) != VERSION:
            raise QueryError(f"The stored query is not of version {VERSION}; write it again with this program.")
        try:
            return Query(
                terms=tuple(_term_from(term) for term in fields.pop("terms")),
                templates=_strings(fields.pop("templates")),
                background=_strings(fields.pop("background")),
                temperature=fields.pop("temperature"),
                likes=tuple(_ref_from(ref) for ref in fields.pop("likes")),
                dislikes=tuple(_ref_from(ref) for ref in fields.pop("dislikes")),
                **fields,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise QueryError(f"The stored query is damaged ({error}); write it again with this program.") from error


def parse_query(text: str) -> Query:
    """Read a typed query: words, ``photo:PATH``, ``chip:PATH`` or ``tile:SCENE/ROW/COL``, joined by + and -.

    Raises:
        QueryError: nothing to look for, or the operators make no sense; the message shows how to write it.
    """
    return Query(tuple(_term_of(piece) for piece in split_query(text)))


def parse_tile(text: str) -> TileRef:
    """Read ``SCENE/ROW/COL``.

    Raises:
        QueryError: it is not of that form.
    """
    parts = text.rsplit("/", 2)
    try:
        scene, row, col = parts[0], int(parts[1]), int(parts[2])
    except (IndexError, ValueError):
        scene = ""
    if not scene:
        raise QueryError(f"'{text}' is not a tile; write SCENE/ROW/COL as `retrieve` prints it, like naip/-12/34.")
    return TileRef(scene, row, col)


def _term_of(piece: Piece) -> Term:
    if piece.kind == "text":
        return Term("text", piece.value, piece.weight)
    if piece.kind == "tile":
        return Term("tile", parse_tile(piece.value).name, piece.weight)
    return Term("image", piece.value, piece.weight, view=_VIEW_OF_PREFIX[piece.kind])


def _plain(term: Term) -> bool:
    """Whether the words read back as themselves without quotes."""
    if term.kind != "text":
        return not any(char.isspace() for char in term.value) and term.value[:1] not in ("'", '"')
    try:
        return split_query(term.value) == [Piece("text", term.value, 1.0)]
    except QueryError:
        return False


def _check_terms(terms: tuple[Term, ...]) -> None:
    if not any(term.weight > 0 for term in terms):
        raise QueryError("The query only says what is not wanted; add what is, for example 'forest - orchard'.")
    seen: dict[tuple[str, str], float] = {}
    for term in terms:
        if not math.isfinite(term.weight) or term.weight == 0:
            raise QueryError(f"'{term.value}' has weight {term.weight:g}; give a weight above 0, like '2*pool'.")
        key = (term.kind, term.value.casefold())
        if seen.get(key, term.weight) * term.weight < 0:
            raise QueryError(f"'{term.value}' is wanted and unwanted at once; take it out on one side.")
        seen[key] = term.weight


def _term_fields(term: Term) -> dict[str, Any]:
    fields: dict[str, Any] = {"kind": term.kind, "value": term.value, "weight": term.weight}
    if term.view is not None:
        fields["view"] = term.view
    if term.example is not None:
        fields["example"] = _example_fields(term.example)
    return fields


def _term_from(fields: dict[str, Any]) -> Term:
    if fields["kind"] not in ("text", "image", "tile") or fields.get("view") not in (None, "ground", "above"):
        raise ValueError(f"a term of kind '{fields['kind']}'")
    if not isinstance(fields["value"], str) or isinstance(fields["weight"], str):
        raise TypeError("a term whose words or weight are of the wrong kind")
    example = fields.pop("example", None)
    return Term(**fields, example=_example_from(example) if example is not None else None)


def _ref_fields(ref: TileRef) -> dict[str, Any]:
    fields: dict[str, Any] = {"scene": ref.scene, "row": ref.row, "col": ref.col}
    if ref.example is not None:
        fields["example"] = _example_fields(ref.example)
    return fields


def _ref_from(fields: dict[str, Any]) -> TileRef:
    example = fields.pop("example", None)
    return TileRef(**fields, example=_example_from(example) if example is not None else None)


def _example_fields(example: Example) -> dict[str, str]:
    packed = base64.b64encode(example.array().astype("<f4").tobytes()).decode("ascii")
    return {"float32": packed, "encoder_key": example.encoder_key, "sha256": example.sha256}


def _example_from(fields: dict[str, str]) -> Example:
    vector = np.frombuffer(base64.b64decode(fields.pop("float32"), validate=True), dtype="<f4")
    return Example(vector=tuple(vector.tolist()), **fields)


def _strings(values: object) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError("a list of words that is not one")
    return tuple(values)
