"""Who may come in: what the secrets file asks of people, and a guard for what the server answers besides pages."""

import base64
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graft_core.errors import SignInError

SHORTEST = 32
"""Characters that a secret must have: whoever guesses one is everybody, from anywhere."""

_AUTH_KEYS = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
_OWN_KEYS = ("allowed", "tile_password")
_REFUSAL = "Sign in first: open the application in this browser, then ask again."

Claims = Mapping[str, Any]
"""What the provider says about a person, and ``is_logged_in``; empty for a stranger."""


@dataclass(frozen=True)
class SignIn:
    """What is asked of whoever comes."""

    allowed: tuple[str, ...] | None
    """E-mail addresses, and domains with their @, in small letters; None admits everybody the provider knows."""
    tile_password: str | None
    """What map programs give in a person's stead, for the tiles alone; None where they cannot."""

    def admits(self, claims: Claims) -> bool:
        """Whether this person may see pages and tiles."""
        if claims.get("is_logged_in") is not True:
            return False
        if self.allowed is None:
            return True
        if str(claims.get("email_verified", True)).lower() != "true":
            return False  # the person typed that address, and nobody looked whether it is theirs
        email = str(claims.get("email") or "").lower()
        return any(email.endswith(each) if each.startswith("@") else email == each for each in self.allowed)

    def admits_program(self, headers: Headers) -> bool:
        """Whether HTTP Basic authentication brings the password of the tiles, under whatever name."""
        return self.tile_password is not None and hmac.compare_digest(
            _basic_password(headers).encode(), self.tile_password.encode()
        )


def read_sign_in(secrets: Mapping[str, Any]) -> SignIn | None:
    """The sign-in that the secrets ask for; None where they have neither ``[auth]`` nor ``[graft]``.

    Raises:
        SignInError: something is missing, misspelt or too short. A sign-in that is half there is none.
    """
    if "auth" not in secrets and "graft" not in secrets:
        return None
    auth, own = secrets.get("auth"), secrets.get("graft", {})
    if not isinstance(auth, Mapping) or not isinstance(own, Mapping):
        raise SignInError("The secrets need a section [auth], and [graft] beside it as a section; see docs/serving.md.")
    missing = [key for key in _AUTH_KEYS if not auth.get(key)]
    if missing:
        raise SignInError(f"[auth] in the secrets lacks {', '.join(missing)}; see docs/serving.md.")
    unknown = sorted(set(own) - set(_OWN_KEYS))
    if unknown:
        raise SignInError(f"[graft] in the secrets has no {', '.join(unknown)}; it takes {' and '.join(_OWN_KEYS)}.")
    _check_secret("cookie_secret of [auth]", auth["cookie_secret"])
    if "tile_password" in own:
        _check_secret("tile_password of [graft]", own["tile_password"])
    return SignIn(_allowed(own["allowed"]) if "allowed" in own else None, own.get("tile_password"))


class Guard:
    """ASGI middleware that answers 401 to whoever is not admitted."""

    def __init__(self, app: ASGIApp, admits: Callable[[HTTPConnection], bool], paths: tuple[str, ...] = ("",)) -> None:
        """``paths`` are the beginnings of what is guarded, below the server's root; everything, where not stated."""
        self._app, self._admits, self._paths = app, admits, paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the application answer."""
        if scope["type"] == "lifespan" or not self._guards(scope):
            await self._app(scope, receive, send)
        elif self._admits(HTTPConnection(scope)):
            await self._app(scope, receive, _for_this_person(send))
        else:
            refusal = JSONResponse({"detail": _REFUSAL}, 401, headers={"Cache-Control": "no-store"})
            await refusal(scope, receive, send)

    def _guards(self, scope: Scope) -> bool:
        return bool(scope["path"].removeprefix(scope.get("root_path", "")).startswith(self._paths))


def _for_this_person(send: Send) -> Send:
    """Let a browser keep an answer for as long as the same person is signed in, and not for the next one."""

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).add_vary_header("Cookie, Authorization")
        await send(message)

    return marked


def _basic_password(headers: Headers) -> str:
    scheme, _, told = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(told, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _check_secret(name: str, secret: object) -> None:
    if not isinstance(secret, str) or len(secret) < SHORTEST:
        raise SignInError(
            f"The {name} needs at least {SHORTEST} random characters in quotes; "
            "take what `python -c 'import secrets; print(secrets.token_urlsafe(32))'` prints."
        )


def _allowed(listed: object) -> tuple[str, ...]:
    if not isinstance(listed, list) or not all(map(_is_address, listed)):
        raise SignInError(
            '"allowed" of [graft] is a list of e-mail addresses and of domains with their @: ["@example.org", "a@b.c"].'
        )
    return tuple(each.strip().lower() for each in listed)


def _is_address(text: object) -> bool:
    return isinstance(text, str) and "@" in text and not text.strip().endswith("@")
