"""The services by name, with their keys and addresses out of the environment."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from graft_core import __version__
from graft_core.errors import PhotoError
from graft_core.io.harvest import commons, flickr, mapillary
from graft_core.io.harvest.found import Provider
from graft_core.io.harvest.web import Account, Web, printable

CONTACT = "GRAFT_CONTACT"
"""Mail address or page of who runs the program; Wikimedia asks for one in the User-Agent of programs."""


@dataclass(frozen=True)
class _Service:
    make: Callable[[Web, str], Provider]
    title: str
    pace_s: float
    at_once: int
    api: str
    api_variable: str
    """Replaces the address, for a mirror or a proxy."""
    key_variable: str = ""
    get_one: str = ""


_SERVICES = {
    "mapillary": _Service(
        mapillary.Mapillary,
        mapillary.Mapillary.title,
        mapillary.PACE_S,
        mapillary.Mapillary.at_once,
        mapillary.API,
        "GRAFT_MAPILLARY",
        "MAPILLARY_TOKEN",
        "https://www.mapillary.com/dashboard/developers",
    ),
    "flickr": _Service(
        flickr.Flickr,
        flickr.Flickr.title,
        flickr.PACE_S,
        flickr.Flickr.at_once,
        flickr.API,
        "GRAFT_FLICKR",
        "FLICKR_KEY",
        "https://www.flickr.com/services/apps/create",
    ),
    "commons": _Service(
        commons.Commons,
        commons.Commons.title,
        commons.PACE_S,
        commons.Commons.at_once,
        commons.API,
        "GRAFT_COMMONS",
    ),
}
NAMES = tuple(_SERVICES)
"""On the command line."""


def title_of(name: str) -> str:
    """What people call a service of ``NAMES``."""
    return _SERVICES[name].title


def open_service(name: str, sleep: Callable[[float], None] = time.sleep) -> Provider:
    """A service by name, ready to be asked.

    Args:
        name: one of ``NAMES``.
        sleep: how to wait, seconds.

    Raises:
        PhotoError: there is no such service, or its key is missing.
    """
    service = _SERVICES.get(name)
    if service is None:
        raise PhotoError(f"There is no service '{name}' for photos; choose one of {', '.join(NAMES)}.")
    api = (os.environ.get(service.api_variable) or service.api).rstrip("/")
    if urlsplit(api).scheme not in ("http", "https") or not urlsplit(api).hostname:
        raise PhotoError(f"{service.api_variable} holds no http or https address; correct it, or unset it.")
    account = Account(
        title=service.title,
        agent=_agent(),
        key=_key(service),
        variable=service.key_variable,
        get_one=service.get_one,
        refused_hint=f"check {service.api_variable if service.api_variable in os.environ else 'the area'}, or set "
        f"{CONTACT} to your mail address, and try again later",
    )
    return service.make(Web(account, service.pace_s, service.at_once, sleep), api)


def _key(service: _Service) -> str:
    if not service.key_variable:
        return ""
    key = os.environ.get(service.key_variable, "").strip()
    if not key:
        raise PhotoError(
            f"{service.title} wants a key: get one (free) at {service.get_one} and put it into the environment "
            f"variable {service.key_variable}."
        )
    if not printable(key):
        raise PhotoError(f"The key in {service.key_variable} holds characters that no key has; copy it again.")
    return key


def _agent() -> str:
    """Who asks: the program, and whom to write to if it misbehaves."""
    contact = os.environ.get(CONTACT, "").strip()
    who = f" ({contact})" if contact and contact.isascii() and contact.isprintable() else ""
    return f"graft-explorer/{__version__}{who} python-requests"
