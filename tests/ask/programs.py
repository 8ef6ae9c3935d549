"""Programs for fuzzing: ones that are in the language, and what is left of them after an accident."""

from hypothesis import strategies as st

WORDS = ("lake", "house", "forest", "lake + forest", "river", "church", "ghost - lake")
FILTERS = ("largest", "smallest")
RELATIONS = ("within", "outside", "north_of", "south_of", "east_of", "west_of")
VALID = (
    'lake = find(scene, "lake")\nhouse = find(scene, "house")\ncount(near(house, lake, 100))',
    'exists(find(scene, "lake")) and not exists(find(scene, "church"))',
    '"rural" if share(scene, "forest") > 0.5 else "urban"',
    'compare(area(find(scene, "lake")), area(find(scene, "house")))',
    'classify(largest(find(scene, "lake")), ["lake", "forest"])  # what is it?',
    "1.5 * count(scene) / area(scene) >= -2 + 3",
)
TOKENS = (
    "find", "exists", "count", "area", "share", "near", "largest", "classify", "scene", "lake", "x", "(", ")", "[", "]",
    ",", "=", "==", "!=", "<", ">=", "+", "-", "*", "/", "**", ":=", ":", ".", "and", "or", "not", "if", "else", "True",
    "None", "lambda", "for", "in", "import", "def", '"lake"', "'a'", '"', "'", "1", "2.5", "1e9", "\n", "\n    ", "#",
    "\\", "f'{x}'", "__import__", "\x00", "é", "{", "}", "@", ";", "%", "region=", "text=", "metres=", "1e400", '"""',
)  # fmt: skip


def texts() -> st.SearchStrategy[str]:
    """A text literal."""
    return st.sampled_from(WORDS).map(lambda words: f'"{words}"')


def regions() -> st.SearchStrategy[str]:
    """An expression for a region."""
    found = texts().map(lambda text: f"find(scene, {text})")
    metres = st.floats(-1, 500, allow_nan=False).map(lambda value: f"{value:.2f}")
    return st.recursive(
        st.one_of(st.just("scene"), found),
        lambda inner: st.one_of(
            st.builds("{}({})".format, st.sampled_from(FILTERS), inner),
            st.builds("{}({}, {})".format, st.sampled_from(RELATIONS), inner, inner),
            st.builds("near({}, {}, {})".format, inner, inner, metres),
            st.builds("{}({}, {})".format, st.sampled_from(("larger_than", "smaller_than")), inner, metres),
            st.builds("find({}, {})".format, inner, texts()),
        ),
        max_leaves=3,
    )


def numbers() -> st.SearchStrategy[str]:
    """An expression for a number."""
    names = ("count", "area", "density")
    measured = st.builds("{}({})".format, st.sampled_from(names), regions())
    seen = st.builds("{}({}, {})".format, st.sampled_from(("share", "score")), regions(), texts())
    typed = st.sampled_from(("0", "1", "2.5", "999999999999", "-3"))
    return st.recursive(
        st.one_of(typed, measured, seen),
        lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner),
        max_leaves=3,
    )


def truths() -> st.SearchStrategy[str]:
    """An expression for a yes or no."""
    signs = st.sampled_from(("<", "<=", ">", ">=", "==", "!="))
    return st.recursive(
        st.one_of(
            st.builds("exists({})".format, regions()),
            st.builds("{} {} {}".format, numbers(), signs, numbers()),
            st.builds("compare({}, {}) == 'more'".format, numbers(), numbers()),
        ),
        lambda inner: st.one_of(
            st.builds("({} {} {})".format, inner, st.sampled_from(("and", "or")), inner),
            inner.map("(not {})".format),
        ),
        max_leaves=3,
    )


def programs() -> st.SearchStrategy[str]:
    """A program that is in the language, or nearly: it may be nested too deeply, or compare areas with lengths."""
    lists = st.lists(texts(), min_size=1, max_size=3).map(lambda each: f"[{', '.join(each)}]")
    named = st.builds("{}({}, {})".format, st.sampled_from(("classify", "best_match")), regions(), lists)
    answers = st.one_of(regions(), numbers(), truths(), named)
    chosen = st.builds("{} if {} else {}".format, answers, truths(), answers)
    return st.builds("a = {}\n{}".format, regions(), st.one_of(answers, chosen))


def token_soup() -> st.SearchStrategy[str]:
    """Words and signs in any order."""
    return st.lists(st.sampled_from(TOKENS), max_size=40).flatmap(
        lambda tokens: st.sampled_from((" ", "")).map(lambda gap: gap.join(tokens))
    )


@st.composite
def accidents(draw: st.DrawFn) -> str:
    """A valid program with parts of it cut out, doubled, moved, or overwritten."""
    text = draw(st.sampled_from(VALID))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 12)))
        part = text[start:end]
        new = draw(
            st.one_of(st.just(""), st.just(part * 2), st.just(part[::-1]), st.sampled_from(TOKENS), st.text(max_size=3))
        )
        text = text[:start] + new + text[end:]
    return text
