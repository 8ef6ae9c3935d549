"""Whatever is typed: a program or a refusal, never a crash; and an accepted program comes to an answer or a refusal."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from long_work import finish
from paper_eyes import PaperEyes, square
from programs import accidents, programs, token_soup
from refusals import is_sentence

from graft_core.ask.answer import run_program
from graft_core.ask.language import parse
from graft_core.ask.reply import Reply
from graft_core.ask.reply_json import reply_json
from graft_core.ask.values import Thing
from graft_core.errors import QueryError, QuestionError

ANYTHING = st.one_of(
    token_soup(),
    accidents(),
    st.text(max_size=200),
    st.text(alphabet=st.characters(codec="ascii"), max_size=60),
    st.text(alphabet=st.characters(categories=["Cs", "Cc", "Cf", "Nd", "Lo"]), max_size=30),
)


def paper() -> PaperEyes:
    lakes = [square(100, 100, 60), Thing(square(500, 500, 80), 0.7), Thing(square(800, 820, 20), 0.55)]
    houses = [Thing(square(110 + 40 * i, 170), 0.6 + 0.05 * i) for i in range(6)]
    return PaperEyes({"lake": lakes, "house": houses, "forest": [square(300, 800, 350)]}, {"church": 0.9, "river": 0.4})


def answered(text: str, eyes: PaperEyes) -> Reply | None:
    """What a program comes to; None where it is refused, then in a sentence."""
    said = ""
    try:
        program = parse(text)
        assert parse(program.text) == program
        reply: Reply = finish(run_program(text, eyes))
        return reply
    except QuestionError as error:
        said = str(error)
    except QueryError:
        return None
    assert is_sentence(said), said
    return None


@settings(max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ANYTHING)
def test_anything_typed_is_a_program_or_refused_in_a_sentence(text: str) -> None:
    answered(text, paper())


@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(programs())
def test_program_in_the_language_comes_to_an_answer_in_one_sentence(text: str) -> None:
    eyes = paper()
    reply = answered(text, eyes)
    if reply is not None:
        assert is_sentence(f"So: {reply.sentence}"), reply.sentence
        assert 0 <= reply.sure <= 1
        assert [step.line for step in reply.steps] == sorted(step.line for step in reply.steps)
        json.dumps(reply_json(reply, eyes), allow_nan=False)
