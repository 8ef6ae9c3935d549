"""Answers as people say them, with their unit and their doubt."""

import pytest
import shapely
from long_work import finish
from paper_eyes import PaperEyes, square

from graft_core.ask.answer import LONGEST_QUESTION, ask, run_program
from graft_core.ask.planner import Plan
from graft_core.ask.reply import Reply
from graft_core.ask.values import Number, Thing, Unknown
from graft_core.errors import QuestionError

SHAPES = {
    "lake": [square(100, 100, 50), square(500, 500, 80), square(800, 800, 20)],
    "house": [square(100 + 30 * i, 160) for i in range(12)],
    "forest": [shapely.box(0, 600, 450, 1000)],
    "water": [square(700, 100, 40)],
    "factory": [Thing(square(300, 300), 0.9), Thing(square(350, 300), 0.9)],
    "church": [Thing(square(900, 500), 0.6)],
    "orchard": [square(50, 500, 50)],
}
BEST = {"mill": 0.9, "barn": 0.4, "pond": 0.45, "mine": 0.45}


def reply(text: str) -> Reply:
    found: Reply = finish(run_program(text, PaperEyes(SHAPES, BEST)))
    return found


def test_lakes_and_houses() -> None:
    assert reply('exists(find(scene, "lake"))').sentence == "Yes: 3 lakes were found."


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        ('exists(find(scene, "water"))', "Yes: 1 area of water was found."),
        ('exists(find(scene, "river"))', "No: no river was found."),
        ('exists(find(scene, "barn"))', "Probably no: no barn was found."),
        ('exists(find(scene, "church"))', "Probably yes: 1 church was found."),
        (
            'exists(find(scene, "mill"))',
            "I cannot tell: something looks like a mill, but no object could be made out.",
        ),
        ('exists(find(scene, "river")) or exists(find(scene, "lake"))', "Yes."),
        ('exists(find(scene, "river")) or exists(find(scene, "ship"))', "No: no river was found, no ship was found."),
        ('exists(find(scene, "lake")) and exists(find(scene, "river"))', "No."),
        (
            'not exists(find(scene, "river")) and exists(find(scene, "lake"))',
            "Yes: no river was found, 3 lakes were found.",
        ),
        ('count(near(find(scene, "houses"), find(scene, "lake"), 100))', "There are 5 houses within 100 m of a lake."),
        (
            'count(near(find(scene, "lake"), find(scene, "orchards"), 9))',
            "There are no lakes within 9 m of an orchard.",
        ),
        ('count(find(scene, "orchard"))', "There is 1 orchard."),
        ('count(find(scene, "factory"))', "There are 2 factories."),
        ('count(find(scene, "lake + water"))', "There are 4 lakes or areas of water."),
        ('a = find(scene, "lake")\nn = count(a)\nn', "There are 3 lakes."),
        ('count(find(scene, "house")) > 10', "Yes: there are 12 houses."),
        ('count(find(scene, "water")) > 10', "No: there is 1 area of water."),
        (
            'count(find(scene, "house")) > count(find(scene, "lake"))',
            "Yes: 12 houses against 3 lakes.",
        ),
        ('h = find(scene, "house")\ncompare(count(h), count(find(scene, "lake")))', "More: 12 houses against 3 lakes."),
        (
            'count(find(scene, "pond")) > count(find(scene, "mine"))',
            "I cannot tell: neither was seen clearly enough to compare them.",
        ),
        ('area(find(scene, "forest"))', "About 18 ha of forest (18 % of the scene)."),
        ('area(find(scene, "orchard"))', "About 0.25 ha of orchard (0.25 % of the scene)."),
        ('area(find(scene, "house"))', "About 0.12 ha of houses (0.12 % of the scene)."),
        ('area(smallest(find(scene, "lake")))', "The smallest lake has about 400 m² (less than 0.1 % of the scene)."),
        (
            'area(find(scene, "forest")) > area(find(scene, "lake"))',
            "Yes: 18 ha of forest against 0.93 ha of lakes.",
        ),
        ("area(scene)", "About 1.0 km²."),
        ('area(find(scene, "lake")) + area(find(scene, "forest"))', "It is about 19 ha."),
        ('share(scene, "forest")', "About 18 % of the scene is forest."),
        ('share(scene, "lake + forest") > 0.5', "No: 19 % of the scene is lake or forest."),
        ('density(find(scene, "house"))', "About 12 houses per km²."),
        ('score(scene, "forest")', "The scene matches forest with 0.18."),
        ('classify(scene, ["forest", "lake"])', "The scene is mostly forest."),
        ('best_match(largest(find(scene, "lake")), ["house", "lakes"])', "The largest lake looks most like lake."),
        ('"rural" if share(scene, "forest") > 0.5 else "urban"', "Urban."),
        ('largest(find(scene, "lake"))', "The largest lake has 0.64 ha."),
        ('area(largest(find(scene, "lake")))', "The largest lake has about 0.64 ha (0.64 % of the scene)."),
        ('find(scene, "lake")', "3 lakes were found."),
        ('find(scene, "river")', "No river was found."),
        ('count(find(scene, "lake + house + river"))', "There are 15 lakes, houses or rivers."),
        ('area(find(scene, "forest")) / area(scene)', "It is about 18 %."),
        ('classify(scene, ["forest + lake", "sea"]) == "sea"', "No: forest or lake."),
        ("scene", "The scene has 1.0 km²."),
        ("1 + 1.5", "It is 2.5."),
        ("2 > 1", "Yes."),
        ('count(find(scene, "lake")) / 0', "I cannot tell: there is nothing to divide by."),
    ],
)
def test_answer_is_said_in_one_sentence(program: str, sentence: str) -> None:
    assert reply(program).sentence == sentence


def test_what_cannot_be_told_is_sure_of_nothing() -> None:
    found = reply('exists(find(scene, "mill"))')
    assert isinstance(found.value, Unknown)
    assert found.sure == 0
    assert reply('find(scene, "mill")').sure == 0
    assert reply('find(scene, "mill")').sentence.startswith("I cannot tell: ")


def test_reply_holds_the_program_its_writer_and_its_steps() -> None:
    found = reply('count(find(scene, "lake"))\n\n')
    assert (found.question, found.program, found.planner) == ("", 'count(find(scene, "lake"))', "analyst")
    assert found.value == Number(3.0)
    assert found.sure == 1.0
    assert [step.call for step in found.steps] == ['find(scene, "lake")', 'count(find(scene, "lake"))']


class LakePlanner:
    """Counts lakes, whatever is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def plan(self, question: str) -> Plan:
        self.asked.append(question)
        return Plan('count(find(scene, "lake"))', "lakes", ("Only lakes are counted.",))


def test_question_goes_through_its_planner_and_keeps_what_it_had_to_say() -> None:
    planner = LakePlanner()
    found: Reply = finish(ask("How many\n lakes? ", PaperEyes(SHAPES), planner))
    assert planner.asked == ["How many lakes?"]
    assert (found.planner, found.notices) == ("lakes", ("Only lakes are counted.",))
    assert found.question == "How many\n lakes? "
    assert found.sentence == "There are 3 lakes."


@pytest.mark.parametrize(("question", "said"), [(" \n", "empty"), ("a" * (LONGEST_QUESTION + 1), "at most 1000")])
def test_question_that_is_none_reaches_no_planner(question: str, said: str) -> None:
    planner = LakePlanner()
    with pytest.raises(QuestionError, match=said):
        finish(ask(question, PaperEyes(SHAPES), planner))
    assert planner.asked == []
