"""A language model behind any endpoint that speaks OpenAI's chat completions: messages in, one text out."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3
from requests.auth import AuthBase

from graft_core.errors import ModelError
from graft_core.models.download import CONNECT_S

URL_VARIABLE = "GRAFT_LLM_URL"
MODEL_VARIABLE = "GRAFT_LLM_MODEL"
KEY_VARIABLE = "GRAFT_LLM_KEY"
ANSWER_S = 60.0
"""Seconds that an answer may take in all; a program is a few lines."""
LONGEST_BODY = 1 << 20
"""Bytes of an answer; beyond it the endpoint does not do what was asked."""
LONGEST_TEXT = 20_000
"""Characters of what the model wrote."""
CHUNK_BYTES = 1 << 14

Message = Mapping[str, str]
"""``role`` (system, user or assistant) and ``content``."""


@dataclass(frozen=True)
class Chat:
    """An endpoint, the model to be asked there, and how patient to be."""

    url: str
    """Base address, as in ``http://localhost:8000/v1``; ``/chat/completions`` is added where it is missing."""
    model: str
    """Name of the model, as the endpoint knows it."""
    key: str = field(default="", repr=False)
    """Sent as a bearer token; empty for endpoints that ask for none."""
    answer_s: float = ANSWER_S
    """Seconds to wait for the whole answer."""

    def __post_init__(self) -> None:
        parts = _parts(self.url)
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            raise ModelError(f"{URL_VARIABLE} is no web address; write one such as http://localhost:8000/v1.")
        if parts.username or parts.password:
            raise ModelError(f"{URL_VARIABLE} holds a user name or a password; put a key into {KEY_VARIABLE} instead.")
        if not self.model.strip():
            raise ModelError(
                f"{URL_VARIABLE} is set, but no model is named; set {MODEL_VARIABLE}, or unset the address."
            )
        if not (self.key.isascii() and (self.key.isprintable() or not self.key)) or " " in self.key:
            raise ModelError(f"{KEY_VARIABLE} holds characters that no key has; copy it again, without line ends.")

    @property
    def endpoint(self) -> str:
        """Address that messages are posted to."""
        parts = urlsplit(self.url)
        path = parts.path.rstrip("/").removesuffix("/chat/completions")
        return urlunsplit((parts.scheme, parts.netloc, f"{path}/chat/completions", parts.query, ""))

    @property
    def host(self) -> str:
        """Host and port, as messages to the user name the endpoint."""
        return urlsplit(self.url).netloc

    def complete(self, messages: Sequence[Message]) -> str:
        """What the model writes next.

        Args:
            messages: the conversation so far, oldest first.

        Returns:
            Its text, not empty, 20,000 characters at most.

        Raises:
            ModelError: no answer, a refusal, or an answer that is none; the message says what to do.
        """
        asked = {"model": self.model, "messages": [dict(message) for message in messages], "stream": False}
        status, body = self._post({**asked, "temperature": 0})
        if status == requests.codes.bad_request:  # some models sample at one temperature only and refuse any other
            status, body = self._post(asked)
        if status != requests.codes.ok:
            raise ModelError(self._refusal(status))
        return self._text(body)

    def _post(self, asked: Mapping[str, Any]) -> tuple[int, bytes]:
        """Status and body of one answer, within the time and the length that are allowed."""
        until = time.monotonic() + self.answer_s
        try:
            with requests.post(
                self.endpoint,
                data=json.dumps(asked).encode(),
                headers={"Content-Type": "application/json", "Accept-Encoding": "identity"},
                auth=_Bearer(self.key),
                timeout=(CONNECT_S, self.answer_s),
                stream=True,
                allow_redirects=False,
            ) as response:
                return response.status_code, self._body(response, until)
        except requests.exceptions.SSLError:
            raise ModelError(f"The certificate of {self.host} is not trusted here; check {URL_VARIABLE}.") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, UnicodeError):
            slow = time.monotonic() >= until
            raise ModelError(self._late() if slow else self._unreachable()) from None  # the cause may show headers

    def _body(self, response: requests.Response, until: float) -> bytes:
        body = bytearray()
        # what has arrived, not a whole block of it: an answer that drips comes to an end as well
        while chunk := response.raw.read1(CHUNK_BYTES, decode_content=True):
            body += chunk
            if len(body) > LONGEST_BODY:
                raise ModelError(
                    f"The language model at {self.host} answers with more than {LONGEST_BODY >> 20} MB; "
                    f"check that {URL_VARIABLE} is a chat completions endpoint."
                )
            if time.monotonic() > until:
                raise ModelError(self._late())
        return bytes(body)

    def _late(self) -> str:
        return (
            f"The language model at {self.host} did not answer within {self.answer_s:g} seconds; "
            "ask again, or name a faster model."
        )

    def _unreachable(self) -> str:
        return f"The language model at {self.host} cannot be reached; check {URL_VARIABLE} and the network."

    def _refusal(self, status: int) -> str:
        start = f"The language model at {self.host} answers {status}"
        if status in (requests.codes.unauthorized, requests.codes.forbidden):
            return f"{start}: the key is missing or not valid; check {KEY_VARIABLE}."
        if status == requests.codes.too_many_requests:
            return f"{start}: too many requests, or the credit is used up; wait, or look at the account."
        if 300 <= status < 400:
            return f"{start}: it sends requests elsewhere; set {URL_VARIABLE} to the address it sends to."
        if status >= 500:
            return f"{start}: it has a fault of its own; ask again later."
        return f"{start}: it does not take the request; check {URL_VARIABLE} and {MODEL_VARIABLE}."

    def _text(self, body: bytes) -> str:
        """The text in the body of an answer."""
        try:
            text = json.loads(body)["choices"][0]["message"]["content"]
        except (ValueError, RecursionError, LookupError, TypeError):
            raise ModelError(
                f"What {self.host} answers is no chat completion; check that {URL_VARIABLE} ends where "
                "/chat/completions begins, such as http://localhost:8000/v1."
            ) from None
        if not isinstance(text, str) or not text.strip():
            raise ModelError(
                f"The language model {self.model} answered without a text; ask again, or name another model."
            )
        if len(text) > LONGEST_TEXT:
            raise ModelError(
                f"The language model {self.model} wrote {len(text)} characters where a few lines were asked for; "
                "ask again, or name another model."
            )
        return text


def configured_chat() -> Chat | None:
    """The endpoint that GRAFT_LLM_URL, GRAFT_LLM_MODEL and GRAFT_LLM_KEY name; None where no address is set.

    Raises:
        ModelError: the address is none, or no model is named.
    """
    url = os.environ.get(URL_VARIABLE, "").strip()
    if not url:
        return None
    return Chat(url, os.environ.get(MODEL_VARIABLE, "").strip(), os.environ.get(KEY_VARIABLE, "").strip())


class _Bearer(AuthBase):
    """The key, and nothing that a .netrc file would put in its place."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._key:
            request.headers["Authorization"] = f"Bearer {self._key}"
        return request


def _parts(url: str) -> Any:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts
