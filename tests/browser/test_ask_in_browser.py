"""The Ask page: a question, its program, the same program changed, what it stands on, and files."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from ask_page import (
    CORNER,
    answer,
    answered,
    ask,
    drawn,
    earlier,
    open_ask,
    program,
    question_box,
    run_again,
    sentence,
    steps,
    switch,
)
from browser_page import ROOT, Serve, Watched
from chat_server import Answer, ChatServer, chat_server, says
from explore_page import view_of
from playwright.sync_api import expect
from segment_page import put_small_scene

COUNT = 'woods = find(scene, "forest")\ncount(woods)'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ask")


@pytest.fixture(scope="module")
def scene(folder: Path) -> Path:
    return put_small_scene(folder / "tiles", folder / "world")


@pytest.fixture(scope="module")
def environment(folder: Path) -> dict[str, str]:
    return {"GRAFT_TILES": str(folder / "tiles"), "GRAFT_WEIGHTS": str(folder / "none"), "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def address(serve: Serve, environment: dict[str, str], scene: Path) -> str:
    return serve(ROOT / "app.py", env={**environment, "GRAFT_LLM_URL": ""})


@pytest.fixture(scope="module")
def model() -> Iterator[ChatServer]:
    with chat_server() as running:
        yield running


@pytest.fixture(scope="module")
def address_with_model(serve: Serve, environment: dict[str, str], scene: Path, model: ChatServer) -> str:
    return serve(ROOT / "app.py", env={**environment, "GRAFT_LLM_URL": model.url, "GRAFT_LLM_MODEL": "small-model"})


def test_question_is_answered_and_its_program_read_changed_run_again_and_exported(
    watched: Watched, address: str, scene: Path, tmp_path: Path
) -> None:
    page = watched.page
    open_ask(watched, address, scene)
    expect(page.get_by_text("Ask a question, or pick one")).to_be_visible()
    watched.picture("ask-empty")
    page.get_by_text("What share is forest?", exact=True).click()
    answered(watched, "What share is forest?")
    expect(program(page)).to_have_value('share(scene, "forest")')
    expect(sentence(page)).to_contain_text("forest")
    expect(answer(page)).to_contain_text(re.compile(r"(sure|guess) · \d+%"))
    expect(drawn(watched, 1)).not_to_have_count(0)  # the scene itself was looked at

    run_again(watched, COUNT)
    answered(watched, "Your program, after: What share is forest?")
    expect(answer(page)).to_contain_text("your program")
    watched.settled()
    expect(earlier(page)).to_have_count(1)
    expect(steps(page)).to_have_count(2)
    count = int(steps(page).nth(1).locator("b").inner_text())
    assert count > 0
    expect(sentence(page)).to_contain_text(str(count))
    expect(drawn(watched)).to_have_count(count)
    watched.picture("ask-answer")

    switch(watched, 1)
    expect(drawn(watched)).to_have_count(0)
    before = view_of(watched.map_frame())
    page.locator(".st-key-go-1 button").first.click()
    expect(drawn(watched)).to_have_count(count)
    watched.settled()
    assert view_of(watched.map_frame()) != before

    with page.expect_download() as download:
        page.get_by_role("button", name="JSON", exact=True).click()
    download.value.save_as(tmp_path / "answer.json")
    told = json.loads((tmp_path / "answer.json").read_text())
    assert (told["program"], told["value"], told["planner"]) == (COUNT, count, "analyst")
    assert told["area"] == CORNER
    assert len(told["evidence"]["features"]) == count
    with page.expect_download() as download:
        page.get_by_role("button", name="GeoJSON").click()
    download.value.save_as(tmp_path / "evidence.geojson")
    assert json.loads((tmp_path / "evidence.geojson").read_text()) == told["evidence"]

    page.reload()
    expect(sentence(page)).to_contain_text(str(count))
    watched.settled()
    expect(earlier(page)).to_have_count(1)
    earlier(page).get_by_role("button").click()
    answered(watched, "What share is forest?")
    expect(program(page)).to_have_value('share(scene, "forest")')
    page.get_by_role("button", name="Clear history").click()
    expect(answer(page)).to_have_count(0)
    page.get_by_role("button", name="Undo clearing").click()
    expect(answer(page)).to_have_count(1)
    expect(earlier(page)).to_have_count(1)


def test_question_that_is_refused_stays_in_the_box_and_so_does_a_program(
    watched: Watched, address: str, scene: Path
) -> None:
    page = watched.page
    open_ask(watched, address, scene)
    ask(watched, "What is the meaning of life?")
    expect(page.get_by_text("cannot be turned into a program")).to_be_visible()
    expect(page.get_by_text("Is there a lake?")).to_be_visible()
    expect(question_box(page)).to_have_value("What is the meaning of life?")
    watched.picture("ask-refused")
    ask(watched, "Is there a forest?")
    answered(watched, "Is there a forest?")
    expect(page.get_by_text("cannot be turned into a program")).to_have_count(0)
    run_again(watched, "import os")
    expect(page.get_by_text(re.compile("Line 1 "))).to_be_visible()
    expect(program(page)).to_have_value("import os")


def test_waiting_for_a_model_can_be_cancelled_and_its_program_says_who_wrote_it(
    watched: Watched, address_with_model: str, scene: Path, model: ChatServer
) -> None:
    page = watched.page
    open_ask(watched, address_with_model, scene)
    expect(page.get_by_text("Your question and the functions' signatures go to small-model")).to_be_visible()
    model.answers.append(Answer(b"", wait=True))
    ask(watched, "Is there a forest?")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Stopped. The question is still in the box")).to_be_visible()
    expect(question_box(page)).to_have_value("Is there a forest?")
    expect(answer(page)).to_have_count(0)

    model.answers.append(says('exists(find(scene, "forest"))'))
    page.get_by_role("button", name="Ask", exact=True).click()
    answered(watched, "Is there a forest?")
    expect(answer(page)).to_contain_text("program by small-model")
    sent = b"".join(each.raw for each in model.asked)
    assert b"Is there a forest?" in sent
    assert scene.stem.encode() not in sent
