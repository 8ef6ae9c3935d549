import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graft_core.errors import QueryError
from graft_core.search.query import Example, Query, Term, TileRef, parse_query, parse_tile
from graft_core.types import QueryDefaults


def terms(text: str) -> list[tuple[str, str, float]]:
    return [(term.kind, term.value, term.weight) for term in parse_query(text).terms]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("forest", [("text", "forest", 1)]),
        ("  solar   farm ", [("text", "solar farm", 1)]),
        ("forest - orchard", [("text", "forest", 1), ("text", "orchard", -1)]),
        ("2*pool + house", [("text", "pool", 2), ("text", "house", 1)]),
        ("house + 0.5 * pool - .25*lawn", [("text", "house", 1), ("text", "pool", 0.5), ("text", "lawn", -0.25)]),
        ("t-junction - cul-de-sac", [("text", "t-junction", 1), ("text", "cul-de-sac", -1)]),
        ("'t-junction' + road", [("text", "t-junction", 1), ("text", "road", 1)]),
        ("\"salt + pepper\" - 'a - b'", [("text", "salt + pepper", 1), ("text", "a - b", -1)]),
        ("farmer's market", [("text", "farmer's market", 1)]),
        ("+ forest", [("text", "forest", 1)]),
        ("- orchard + forest", [("text", "orchard", -1), ("text", "forest", 1)]),
        ("5 houses", [("text", "5 houses", 1)]),
        ("photo:beach.jpg - chip:dir/b.tif", [("image", "beach.jpg", 1), ("image", "dir/b.tif", -1)]),
        ("2*photo:'my  beach.jpg'", [("image", "my  beach.jpg", 2)]),
        ("tile:naip/-12/34 + forest", [("tile", "naip/-12/34", 1), ("text", "forest", 1)]),
        ("森林 - 果园", [("text", "森林", 1), ("text", "果园", -1)]),
    ],
)
def test_typed_query_is_read_as_terms(text: str, expected: list[tuple[str, str, float]]) -> None:
    assert terms(text) == expected
    assert parse_query(parse_query(text).text) == parse_query(text), "what is shown reads back as the same query"


def test_photo_and_chip_say_how_the_image_was_taken() -> None:
    views = [term.view for term in parse_query("photo:a.jpg + chip:a.jpg + a").terms]
    assert views == ["ground", "above", None]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("  \n ", "empty"),
        ("-", "after '-'"),
        ("+ + +", "after '+'"),
        ("forest -", "after '-'"),
        ("forest + - orchard", "after '+'"),
        ("- orchard", "only says what is not wanted"),
        ("''", "Nothing to look for"),
        ("2*", "after '2*'"),
        ("0*forest + lake", "Weight 0"),
        ("1000*forest", "outside 0 to 100"),
        ("nan*forest", "not a weight"),
        ("...", "no letter"),
        ("?! + forest", "no letter"),
        ("forest -orchard", "lacks a space"),
        ("forest- orchard", "lacks a space"),
        ("'forest", "not closed"),
        ("forest - Forest", "wanted and unwanted"),
        ("forest photo:a.jpg", "starts a new term"),
        ("photo:my beach.jpg", "photo:'my file.jpg'"),
        ("photo:", "after 'photo:'"),
        ("tile:naip", "SCENE/ROW/COL"),
        ("tile:naip/a/b", "SCENE/ROW/COL"),
        ("x" * 2000, "2000 characters"),
        (" + ".join(f"w{i}" for i in range(40)), "40 terms"),
        ("a\x00b", "not text"),
        ("\ud800", "not text"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(text: str, says: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query(text)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_a_query_or_a_sentence(text: str) -> None:
    try:
        query = parse_query(text)
    except QueryError:
        return
    assert any(term.weight > 0 for term in query.terms)
    assert parse_query(query.text) == query


words = (
    st.text(alphabet="abc -+*.'ä1", min_size=1, max_size=12)
    .map(lambda t: " ".join(t.split()))
    .filter(lambda t: any(c.isalnum() for c in t))
)
weights = st.one_of(st.just(1.0), st.floats(0.01, 100).map(lambda w: float(f"{w:.6g}")))


@given(st.lists(st.tuples(words, weights), min_size=1, max_size=5, unique_by=lambda t: t[0].casefold()))
def test_shown_terms_read_back(parts: list[tuple[str, float]]) -> None:
    query = Query(tuple(Term("text", value, weight * (-1) ** i) for i, (value, weight) in enumerate(parts)))
    assert parse_query(query.text) == query


def resolved_query() -> Query:
    vector = tuple(np.linspace(-1, 1, 7, dtype=np.float32).tolist())
    example = Example(vector, "0123456789abcdef", "f" * 64)
    return Query(
        terms=(
            Term("text", "forest", 2.0),
            Term("image", "dir/beach.jpg", 0.5, view="ground", example=example),
            Term("tile", "naip/-3/4", -1.0, example=Example(vector, "0123456789abcdef")),
        ),
        templates=("a photo of {}",),
        background=("bare soil", "water"),
        temperature=0.01,
        likes=(TileRef("naip", -5, 6, example),),
        dislikes=(TileRef("naip", 1, 2),),
    )


def test_query_written_and_read_is_the_same_to_the_last_bit() -> None:
    query = resolved_query()
    again = Query.from_json(query.to_json())
    assert again == query
    assert again.terms[1].example is not None
    assert again.terms[1].example.array().dtype == np.float32


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda fields: fields.update(version=2), "version 1"),
        (lambda fields: fields.pop("version"), "version 1"),
        (lambda fields: fields.update(mood="sunny"), "mood"),
        (lambda fields: fields.pop("terms"), "terms"),
        (lambda fields: fields.update(terms=[]), "not wanted"),
        (lambda fields: fields.update(templates="no list"), "list"),
        (lambda fields: fields["terms"][0].update(colour="red"), "colour"),
        (lambda fields: fields["terms"][0].update(kind="smell"), "smell"),
        (lambda fields: fields["terms"][0].update(weight="2"), "kind"),
        (lambda fields: fields["terms"][1]["example"].update(float32="%%%"), "damaged"),
        (lambda fields: fields["likes"][0].pop("row"), "row"),
        (lambda fields: fields.update(temperature=-1), "Temperature"),
    ],
)
def test_damaged_stored_query_is_refused(change: object, says: str) -> None:
    fields = json.loads(resolved_query().to_json())
    change(fields)  # type: ignore[operator]
    with pytest.raises(QueryError, match=says):
        Query.from_json(json.dumps(fields))


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "3"])
def test_stored_query_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match="stored query"):
        Query.from_json(text)


def test_defaults_fill_only_what_the_query_leaves_open() -> None:
    defaults = QueryDefaults(("{}",), ("soil",), 0.02, 1.0)
    query = replace(parse_query("forest"), background=("roads",))
    full = query.with_defaults(defaults)
    assert (full.templates, full.background, full.temperature) == (("{}",), ("roads",), 0.02)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("templates", ("no place",), "no {}"),
        ("background", (" ",), "empty"),
        ("temperature", 0.0, "above 0"),
        ("temperature", float("nan"), "above 0"),
        ("dislikes", (TileRef("a", 1, 1),), "liked and disliked"),
    ],
)
def test_settings_that_make_no_sense_are_refused(field: str, value: object, says: str) -> None:
    liked = replace(parse_query("forest"), likes=(TileRef("a", 1, 1),))
    with pytest.raises(QueryError, match=says):
        replace(liked, **{field: value})  # type: ignore[arg-type]


def test_tile_is_named_as_results_print_it() -> None:
    assert parse_tile("dir/naip/-3/4") == TileRef("dir/naip", -3, 4)
    assert parse_tile("a/1/2").name == "a/1/2"
