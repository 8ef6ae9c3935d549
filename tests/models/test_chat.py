"""The client of a language model: what it sends, and what it says when the answer is none."""

import gzip
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from chat_server import Answer, ChatServer, chat_server, says

from graft_core.errors import ModelError
from graft_core.models.chat import LONGEST_BODY, Chat, configured_chat

KEY = "sk-very-secret-0123456789"
HELLO = [{"role": "user", "content": "hello"}]


@pytest.fixture
def endpoint() -> Iterator[ChatServer]:
    with chat_server() as running:
        yield running


@pytest.fixture(autouse=True)
def no_chat(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GRAFT_LLM_URL", "GRAFT_LLM_MODEL", "GRAFT_LLM_KEY"):
        monkeypatch.delenv(name, raising=False)


def chat(endpoint: ChatServer, answer_s: float = 20.0) -> Chat:
    return Chat(endpoint.url, "small-model", KEY, answer_s)


def failure(endpoint: ChatServer, *answers: Answer, answer_s: float = 20.0) -> str:
    """The sentence that comes of an answer."""
    endpoint.answers.extend(answers)
    with pytest.raises(ModelError) as raised:
        chat(endpoint, answer_s).complete(HELLO)
    told: BaseException | None = raised.value
    while told is not None:  # a traceback shows what an error came from, too
        assert KEY not in str(told)
        told = told.__cause__ or (None if told.__suppress_context__ else told.__context__)
    return str(raised.value)


def test_the_conversation_is_posted_and_the_text_comes_back(endpoint: ChatServer) -> None:
    endpoint.answers.append(says("hello yourself"))
    assert chat(endpoint).complete(HELLO) == "hello yourself"
    (request,) = endpoint.asked
    assert request.path == "/v1/chat/completions"
    assert json.loads(request.raw) == {"model": "small-model", "messages": HELLO, "stream": False, "temperature": 0}
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["Content-Type"] == "application/json"


def test_a_packed_answer_is_unpacked(endpoint: ChatServer) -> None:
    packed = gzip.compress(says("hello").body)
    endpoint.answers.append(Answer(packed, headers={"Content-Encoding": "gzip"}))
    assert chat(endpoint).complete(HELLO) == "hello"
    assert endpoint.asked[0].headers["Accept-Encoding"] == "identity"


def test_a_small_answer_that_unpacks_to_a_huge_one_is_given_up(endpoint: ChatServer) -> None:
    packed = gzip.compress(b" " * (100 * LONGEST_BODY))
    assert "more than 1 MB" in failure(endpoint, Answer(packed, headers={"Content-Encoding": "gzip"}))


def test_an_answer_that_is_not_packed_as_it_says_is_told(endpoint: ChatServer) -> None:
    assert "cannot be reached" in failure(endpoint, Answer(b"no gzip", headers={"Content-Encoding": "gzip"}))


def test_without_a_key_none_is_sent(endpoint: ChatServer) -> None:
    endpoint.answers.append(says("hello"))
    Chat(endpoint.url, "small-model").complete(HELLO)
    assert "Authorization" not in endpoint.asked[0].headers


def test_a_netrc_file_never_takes_the_place_of_the_key(
    endpoint: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    endpoint.answers.extend([says("a"), says("b")])
    chat(endpoint).complete(HELLO)
    Chat(endpoint.url, "small-model").complete(HELLO)
    assert endpoint.asked[0].headers["Authorization"] == f"Bearer {KEY}"
    assert "Authorization" not in endpoint.asked[1].headers


@pytest.mark.parametrize("ending", ["", "/", "/chat/completions", "/chat/completions/"])
def test_the_address_may_end_before_or_behind_the_method(ending: str) -> None:
    assert Chat(f"http://a.test/v1{ending}", "m").endpoint == "http://a.test/v1/chat/completions"
    assert Chat(f"http://a.test/v1{ending}?version=1", "m").endpoint == "http://a.test/v1/chat/completions?version=1"


def test_a_model_that_takes_no_temperature_is_asked_without(endpoint: ChatServer) -> None:
    endpoint.answers.extend([Answer(b"{}", status=400), says("hello")])
    assert chat(endpoint).complete(HELLO) == "hello"
    assert [("temperature" in json.loads(request.raw)) for request in endpoint.asked] == [True, False]


@pytest.mark.parametrize(
    ("status", "next_step"),
    [
        (401, "check GRAFT_LLM_KEY"),
        (403, "check GRAFT_LLM_KEY"),
        (404, "check GRAFT_LLM_URL and GRAFT_LLM_MODEL"),
        (429, "wait, or look at the account"),
        (500, "ask again later"),
        (503, "ask again later"),
    ],
)
def test_a_refusal_is_told_with_its_number_and_what_to_do(endpoint: ChatServer, status: int, next_step: str) -> None:
    message = failure(endpoint, Answer(KEY.encode(), status=status))
    assert f"The language model at {endpoint.host} answers {status}" in message
    assert next_step in message


def test_a_bad_request_is_told_when_it_stays_one(endpoint: ChatServer) -> None:
    assert "answers 400" in failure(endpoint, Answer(b"", status=400), Answer(b"", status=400))


def test_the_key_is_not_carried_to_another_address(endpoint: ChatServer) -> None:
    with chat_server() as elsewhere:
        elsewhere.answers.append(says("mine now"))
        message = failure(endpoint, Answer(b"", status=307, headers={"Location": f"{elsewhere.url}/chat/completions"}))
        assert "sends requests elsewhere" in message
        assert elsewhere.asked == []


@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>It works!</body></html>", b"", b"\xff\xfe\x00", b'{"choices": [', b"null", b"3", b"[]", b'"text"',
        b'{"choices": []}', b'{"choices": {}}', b'{"choices": [null]}', b'{"choices": [{"message": null}]}',
        b'{"choices": [{"text": "old protocol"}]}', b'{"error": {"message": "no"}}', b"[" * 100_000, b"1" * 10_000,
    ],
)  # fmt: skip
def test_a_body_that_is_no_completion_is_told(endpoint: ChatServer, body: bytes) -> None:
    assert "is no chat completion; check that GRAFT_LLM_URL ends" in failure(endpoint, Answer(body))


@pytest.mark.parametrize("text", [None, "", " \n ", 3, ["a"], {"a": 1}])
def test_an_answer_without_a_text_is_told(endpoint: ChatServer, text: object) -> None:
    assert "answered without a text; ask again" in failure(endpoint, says(text))


def test_an_endless_text_is_told(endpoint: ChatServer) -> None:
    assert "wrote 20001 characters" in failure(endpoint, says("a" * 20_001))


def test_a_body_beyond_all_measure_is_not_read_to_its_end(endpoint: ChatServer) -> None:
    assert "more than 1 MB" in failure(endpoint, Answer(b" " * (LONGEST_BODY + 1)))


def test_no_answer_in_time_is_told(endpoint: ChatServer) -> None:
    message = failure(endpoint, Answer(b"", wait=True), answer_s=0.3)
    assert message == (
        f"The language model at {endpoint.host} did not answer within 0.3 seconds; ask again, or name a faster model."
    )


def test_an_answer_that_drips_for_ever_is_given_up(endpoint: ChatServer) -> None:
    assert "did not answer within 0.3 seconds" in failure(endpoint, Answer(b"", drip=True), answer_s=0.3)


def test_a_connection_that_breaks_is_told(endpoint: ChatServer) -> None:
    whole = says("hello")
    message = failure(endpoint, Answer(whole.body, cut=True))
    assert "cannot be reached" in message or "is no chat completion" in message


def test_no_server_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ModelError, match=f"at {address} cannot be reached; check GRAFT_LLM_URL and the network"):
        Chat(f"http://{address}/v1", "m", KEY).complete(HELLO)


@pytest.mark.parametrize(
    "url", ["localhost:8000", "ftp://a.test", "http://", "http://a.test:port", "not a url", "http://[x"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ModelError, match="GRAFT_LLM_URL is no web address; write one such as"):
        Chat(url, "m")


def test_an_address_with_a_password_is_refused_without_showing_it() -> None:
    with pytest.raises(ModelError, match="put a key into GRAFT_LLM_KEY instead") as raised:
        Chat("http://me:secret@a.test/v1", "m")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("key", ["two\nlines", "tab\t", "with space", "schlüssel", "\x00"])
def test_a_key_that_cannot_be_sent_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ModelError, match="GRAFT_LLM_KEY holds characters that no key has") as raised:
        Chat("http://a.test/v1", "m", key)
    assert key not in str(raised.value)


def test_the_key_is_not_shown_where_the_client_is() -> None:
    assert KEY not in repr(Chat("http://a.test/v1", "m", KEY))


def test_the_environment_names_the_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    assert configured_chat() is None
    monkeypatch.setenv("GRAFT_LLM_URL", " http://a.test/v1 ")
    with pytest.raises(ModelError, match="no model is named; set GRAFT_LLM_MODEL"):
        configured_chat()
    monkeypatch.setenv("GRAFT_LLM_MODEL", "small-model")
    assert configured_chat() == Chat("http://a.test/v1", "small-model")
    monkeypatch.setenv("GRAFT_LLM_KEY", f"{KEY}\n")
    assert configured_chat() == Chat("http://a.test/v1", "small-model", KEY)
