"""Requests to a service as it wants them: at its pace, patient with its troubles, and silent about keys."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Literal
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter

from graft_core.errors import PhotoError
from graft_core.io.harvest.found import text
from graft_core.io.harvest.patience import LONGEST_WAIT_S, TRIES, passing, retry_after, trouble
from graft_core.io.photos import LARGEST_BYTES

_TIMEOUT_S = (10, 60)
"""To connect, and between two pieces of an answer."""
_MOST_WORDS = 160
_NO_ADDRESS = (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema)

Verdict = Literal["good", "again", "crowded", "key", "refused"]
"""``again``: the service has a trouble that passes. ``crowded``: it wants to be asked for less."""


@dataclass(frozen=True)
class Account:
    """Who asks a service, and what it is called in messages."""

    title: str
    """As people call the service."""
    agent: str
    """User-Agent of every request."""
    key: str = ""
    """Secret; never in a message."""
    variable: str = ""
    """Where the key comes from."""
    get_one: str = ""
    """Where a person gets a key."""
    refused_hint: str = "check the area and try again later"
    """What to do when the service refuses a request that has nothing to do with a key."""


@dataclass(frozen=True)
class Answer:
    """What a service said."""

    status: int
    """Of HTTP."""
    value: Any
    """The JSON; None where there is none."""


class CrowdedError(Exception):
    """The service wants to be asked for less at a time."""


class LostPhotoError(Exception):
    """One photo cannot be had; the message is the reason in a few words."""


class LatePhotoError(LostPhotoError):
    """It cannot be had now; later it may."""


class RefusedPhotoError(LatePhotoError):
    """Its address is closed to us: it has expired, or the service has had enough of us."""


class Web:
    """Requests to one service; several threads may ask for photos."""

    def __init__(self, account: Account, pace_s: float, connections: int, sleep: Callable[[float], None]) -> None:
        self.account = account
        self._pace_s = pace_s
        self._sleep = sleep
        self._next = 0.0
        self._pause = threading.Lock()
        self._session = requests.Session()
        self._session.headers["User-Agent"] = account.agent
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=connections))

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Closes the connections in the end."""
        with self._session:
            yield

    def ask(
        self,
        url: str,
        judge: Callable[[Answer], Verdict],
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Any:
        """The JSON of an answer that ``judge`` finds good; with a ``form`` it is a POST.

        Raises:
            CrowdedError: the service wants to be asked for less.
            PhotoError: it refuses, or does not come round in ``TRIES`` tries.
        """
        why = ""
        for attempt in range(TRIES):
            self._keep_pace()
            wait = 2.0**attempt
            try:
                response = self._session.request(
                    "GET" if form is None else "POST",
                    url,
                    headers=headers,
                    params=params,
                    data=form,
                    timeout=_TIMEOUT_S,
                )
            except requests.RequestException as error:
                why = trouble(error)
            else:
                answer = Answer(response.status_code, _json(response))
                verdict = judge(answer)
                if verdict == "good":
                    return answer.value
                if verdict == "crowded":
                    raise CrowdedError
                if verdict != "again":
                    raise self._refusal(verdict, answer)
                why = f"it answers {answer.status}" if answer.value is not None else "its answer is no JSON"
                wait = self._asked_to_wait(response, wait)
            if attempt < TRIES - 1:
                self._sleep(wait)
        raise PhotoError(
            f"{self.account.title} does not deliver ({why}, {TRIES} times); run the same command again later to go on: "
            "what was listed and downloaded stays."
        )

    def photo(self, url: str) -> bytes:
        """The bytes at an address.

        Raises:
            LatePhotoError: it does not come now (RefusedPhotoError: it is not given).
            LostPhotoError: it is not there, or is no photo.
        """
        reason = ""
        for attempt in range(TRIES):
            wait = 2.0**attempt
            try:
                with self._session.get(url, timeout=_TIMEOUT_S, stream=True) as response:
                    if response.status_code == requests.codes.ok:
                        return _bounded(response)
                    if response.status_code in (401, 403):
                        raise RefusedPhotoError(f"the photo's address answers {response.status_code}")
                    if not passing(response.status_code):
                        raise LostPhotoError(f"the photo's address answers {response.status_code}")
                    reason = f"the photo's address answers {response.status_code}"
                    wait = self._asked_to_wait(response, wait)
            except _NO_ADDRESS as error:
                raise LostPhotoError("the photo's address is no address") from error
            except requests.RequestException as error:
                reason = trouble(error)
            if attempt < TRIES - 1:
                self._sleep(wait)
        raise LatePhotoError(reason)

    def _keep_pace(self) -> None:
        with self._pause:
            left = self._next - time.monotonic()
            if left > 0:
                self._sleep(left)
            self._next = time.monotonic() + self._pace_s

    def _asked_to_wait(self, response: requests.Response, otherwise: float) -> float:
        seconds = retry_after(response.headers.get("Retry-After", ""))
        if seconds is not None and seconds > LONGEST_WAIT_S:
            raise PhotoError(
                f"{self.account.title} wants a pause of {seconds / 60:.0f} minutes; run the same command again after "
                "that to go on: what was listed and downloaded stays."
            )
        return otherwise if seconds is None else max(seconds, otherwise)

    def _refusal(self, verdict: Verdict, answer: Answer) -> PhotoError:
        who = self.account
        said = f"{answer.status}{self._words(answer.value)}"
        if verdict == "key" and who.variable:
            return PhotoError(
                f"{who.title} does not accept the key in {who.variable} ({said}); check it, or get one at "
                f"{who.get_one}."
            )
        return PhotoError(f"{who.title} refuses the request ({said}); {who.refused_hint}.")

    def _words(self, value: Any) -> str:
        """What the service says of its refusal, without the key that it may repeat."""
        whole = value if isinstance(value, dict) else {}
        error = whole.get("error")
        said = error if isinstance(error, dict) else whole
        words = text(said.get("message")) or text(said.get("info"))
        for secret in filter(None, (self.account.key, quote(self.account.key, safe=""))):
            words = words.replace(secret, "...")
        words = words[:_MOST_WORDS].rstrip(". ")
        return f": {words}" if words else ""


def printable(key: str) -> bool:
    """Whether a key may stand in a header."""
    return re.fullmatch(r"[\x21-\x7e]+", key) is not None


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError:  # requests' own error for a body that is no JSON is one, too
        return None


def _bounded(response: requests.Response) -> bytes:
    data = bytearray()
    for piece in response.iter_content(1 << 16):
        data += piece
        if len(data) > LARGEST_BYTES:
            raise LostPhotoError(f"larger than {LARGEST_BYTES >> 20} MB")
    return bytes(data)
