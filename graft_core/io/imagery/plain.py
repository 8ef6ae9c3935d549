"""Addresses that may be written down: without signatures, keys, users and passwords."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from graft_core.io.signatures import is_secret

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'<>]+")


def plain(text: str) -> str:
    """The text with every address in it that lets somebody in made one that does not.

    Of a query with a signature or a key nothing stays, as its other parts belong to it; any other query does.
    """
    return _ADDRESS.sub(lambda found: _stripped(found[0]), text)


def without_secrets(value: Any, key: str = "") -> Any:
    """The same JSON value, every address in it plain; what is called ``href`` is one, relative or not."""
    if isinstance(value, str):
        return _stripped(value) if key == "href" and "://" not in value else plain(value)
    if isinstance(value, Mapping):
        return {name: without_secrets(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [without_secrets(each) for each in value]
    return value


def _stripped(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:  # brackets that are no IPv6 host: nobody can open it, and what it holds is unknown
        return ""
    host = parts.netloc.rpartition("@")[2]
    query, fragment = ("" if _lets_in(text) else text for text in (parts.query, parts.fragment))
    if (host, query, fragment) == (parts.netloc, parts.query, parts.fragment):
        return address
    return urlunsplit((parts.scheme, host, parts.path, query, fragment))


def _lets_in(query: str) -> bool:
    """Whether it has a secret, or an address with one."""
    pairs = [pair.partition("=") for pair in re.split("[&;]", query)]
    return any(is_secret(unquote(name)) or plain(unquote(value)) != unquote(value) for name, _, value in pairs)
