"""Tokens of the Planetary Computer: short-lived, kept in memory only, renewed before they run out.

A token is the query string of an Azure shared access signature. It lets anybody read a collection's files for an hour
or so, and is therefore never written anywhere: files, recipes, indexes and messages hold the plain address.
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

import requests

from graft_core.errors import ImageryError
from graft_core.io.signatures import hide_signatures

RENEW_BEFORE_S = 120.0
"""A token is not used in the last minutes of its life: a request that begins with it may have to wait."""
TIMEOUT_S = (5.0, 30.0)


class SasTokens:
    """The tokens of one catalogue, one a collection; several threads may ask."""

    def __init__(self, token_url: str, now: Callable[[], float] = time.time) -> None:
        hide_signatures()
        self._token_url = token_url
        self._now = now
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[str, float]] = {}

    def signed(self, href: str, collection: str) -> str:
        """The address with a token that is good for some minutes at least.

        Raises:
            ImageryError: no token is given.
        """
        with self._lock:
            token, expires = self._kept.get(collection, ("", 0.0))
            if expires - self._now() < RENEW_BEFORE_S:
                token, expires = self._kept[collection] = self._asked(collection)
        return f"{href}{'&' if '?' in href else '?'}{token}"

    def forget(self, collection: str) -> None:
        """The token was refused: the next address gets a new one."""
        with self._lock:
            self._kept.pop(collection, None)

    def _asked(self, collection: str) -> tuple[str, float]:
        """A new token and when it runs out, seconds since 1970."""
        url = f"{self._token_url}/{quote(collection, safe='')}"
        try:
            response = requests.get(url, timeout=TIMEOUT_S)
        except requests.RequestException as error:
            raise ImageryError(
                f"{url} gives no token for the files of {collection} (no answer); check the network, and try again."
            ) from error
        if response.status_code != requests.codes.ok:
            raise ImageryError(
                f"{url} gives no token for the files of {collection} (it answers {response.status_code}); "
                "try again in a few minutes."
            )
        try:
            answer = response.json()
            return str(answer["token"]).lstrip("?"), _seconds(answer["msft:expiry"])
        except (KeyError, TypeError, ValueError) as error:
            raise ImageryError(
                f"What {url} answers is no token for the files of {collection}; check the address, or try again later."
            ) from error


def _seconds(text: str) -> float:
    """Seconds since 1970 of an RFC 3339 time, which carries its zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.timestamp()
