"""A part of the server that is made when it is first asked."""

import threading
import time

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from graft_core.serve.later import Later


def test_it_is_made_once_when_first_asked_however_many_ask_at_once() -> None:
    made = []

    def build() -> Starlette:
        time.sleep(0.1)
        made.append(1)
        return Starlette(routes=[Route("/here", lambda _: PlainTextResponse("found"))])

    server = Starlette(routes=[Mount("/part", app=Later(build))])
    with TestClient(server) as client:
        assert made == []
        answers: list[str] = []
        asking = [threading.Thread(target=lambda: answers.append(client.get("/part/here").text)) for _ in range(4)]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
        assert answers == ["found"] * 4
        assert client.get("/part/nowhere").status_code == 404
    assert made == [1]
