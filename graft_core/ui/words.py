"""Queries in the words of a heading: nobody wants to read the path of a picture."""

from graft_core.search.query import Query, Term


def words_of(query: Query) -> str:
    """The query as it is typed, with pictures and tiles by what they are."""
    parts = [("- " if term.weight < 0 else "+ ") + _said(term) for term in query.terms]
    return " ".join(parts).removeprefix("+ ")


def _said(term: Term) -> str:
    if term.kind == "text":
        return str(term)
    what = "a tile" if term.kind == "tile" else "a picture" if term.view == "above" else "a photo"
    amount = abs(term.weight)
    return what if amount == 1 else f"{amount:g}*{what}"
