"""Who is let in: the secrets that say so, and the guard that keeps to it."""

import base64
import tomllib
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from graft_core.errors import SignInError
from graft_core.serve.admission import Guard, SignIn, read_sign_in

PASSWORD = "p" * 32
AUTH = {
    "redirect_uri": "https://maps.example.org/oauth2callback",
    "cookie_secret": "c" * 32,
    "client_id": "graft",
    "client_secret": "s",
    "server_metadata_url": "https://login.example.org/.well-known/openid-configuration",
}


def person(email: str | None = None, **claims: Any) -> dict[str, Any]:
    return {"is_logged_in": True, **({"email": email} if email else {}), **claims}


def basic(password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'qgis:{password}'.encode()).decode()}"}


@pytest.mark.parametrize(
    ("claims", "inside"),
    [
        ({}, False),
        ({"email": "ada@example.org"}, False),
        ({"email": "ada@example.org", "is_logged_in": "yes"}, False),
        (person("ada@example.org"), True),
        (person("Ada@Example.ORG"), True),
        (person("ben@elsewhere.net"), True),
        (person("eve@elsewhere.net"), False),
        (person("ada@sub.example.org"), False),
        (person("ada@evilexample.org"), False),
        (person("ada@example.org.evil.net"), False),
        (person("ada@example.org", email_verified=True), True),
        (person("ada@example.org", email_verified="true"), True),
        (person("ada@example.org", email_verified=False), False),
        (person("ada@example.org", email_verified="false"), False),
        (person(name="ada@example.org"), False),
        (person(), False),
    ],
)
def test_the_list_names_addresses_and_whole_domains(claims: dict[str, Any], inside: bool) -> None:
    asked = read_sign_in({"auth": AUTH, "graft": {"allowed": ["@Example.org", "ben@elsewhere.net"]}})
    assert asked is not None
    assert asked.admits(claims) is inside


def test_without_a_list_whoever_signed_in_is_in_and_an_empty_list_admits_nobody() -> None:
    assert SignIn(None, None).admits(person())
    assert not SignIn(None, None).admits({})
    nobody = read_sign_in({"auth": AUTH, "graft": {"allowed": []}})
    assert nobody is not None
    assert not nobody.admits(person("ada@example.org"))


def test_secrets_of_something_else_ask_for_no_sign_in() -> None:
    assert read_sign_in({}) is None
    assert read_sign_in({"database": {"password": "x"}}) is None
    assert read_sign_in({"auth": AUTH}) == SignIn(None, None)


@pytest.mark.parametrize(
    ("secrets", "said"),
    [
        ({"graft": {"allowed": ["@example.org"]}}, r"need a section \[auth\]"),
        ({"auth": "no"}, r"need a section \[auth\]"),
        ({"auth": AUTH, "graft": "no"}, r"need a section \[auth\]"),
        ({"auth": {}}, "lacks redirect_uri, cookie_secret"),
        ({"auth": AUTH | {"client_secret": ""}}, "lacks client_secret"),
        ({"auth": AUTH | {"cookie_secret": "short"}}, "cookie_secret of .* at least 32"),
        ({"auth": AUTH, "graft": {"alowed": ["@example.org"]}}, r"\[graft\] in the secrets has no alowed"),
        ({"auth": AUTH, "graft": {"allowed": "@example.org"}}, "list of e-mail addresses"),
        ({"auth": AUTH, "graft": {"allowed": ["example.org"]}}, "list of e-mail addresses"),
        ({"auth": AUTH, "graft": {"allowed": ["@"]}}, "list of e-mail addresses"),
        ({"auth": AUTH, "graft": {"allowed": [7]}}, "list of e-mail addresses"),
        ({"auth": AUTH, "graft": {"tile_password": ""}}, "tile_password of .* at least 32"),
    ],
)
def test_a_sign_in_that_is_half_there_is_refused(secrets: dict[str, Any], said: str) -> None:
    with pytest.raises(SignInError, match=said):
        read_sign_in(secrets)


def test_the_documented_example_works_once_its_secrets_are_secrets() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "serving.md").read_text()
    example = tomllib.loads(page.split("```toml\n")[1].split("```")[0])
    with pytest.raises(SignInError, match="cookie_secret"):
        read_sign_in(example)
    example["auth"]["cookie_secret"] = example["graft"]["tile_password"] = PASSWORD
    assert read_sign_in(example) == SignIn(("@example.org", "ada@elsewhere.net"), PASSWORD)


@pytest.mark.parametrize(
    ("headers", "inside"),
    [
        (basic(PASSWORD), True),
        (basic(PASSWORD[:-1]), False),
        (basic(""), False),
        ({}, False),
        ({"Authorization": f"Bearer {PASSWORD}"}, False),
        ({"Authorization": "Basic not/base64!"}, False),
        ({"Authorization": f"Basic {base64.b64encode(bytes([255])).decode()}"}, False),
    ],
)
def test_programs_bring_the_password(headers: dict[str, str], inside: bool) -> None:
    with_password, without = SignIn(None, PASSWORD), SignIn((), None)
    scope = {"type": "http", "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()]}
    assert with_password.admits_program(Request(scope).headers) is inside
    assert not without.admits_program(Request(scope).headers)


def client(*paths: str, root_path: str = "") -> TestClient:
    """Everything answers "inside"; who brings the cookie ``known`` is admitted to what is guarded."""
    inside = Route("/{path:path}", lambda _: PlainTextResponse("inside"))
    guard = Middleware(Guard, lambda asking: asking.cookies.get("known") == "yes", *([paths] if paths else []))
    return TestClient(Starlette(routes=[inside], middleware=[guard]), root_path=root_path)


def test_guard_answers_in_a_sentence_that_nobody_keeps() -> None:
    answer = client().get("/noise/0/0/0.png")
    assert answer.status_code == 401
    assert answer.json()["detail"].startswith("Sign in first")
    assert answer.headers["cache-control"] == "no-store"


def test_what_is_kept_is_kept_for_one_person() -> None:
    answer = client().get("/noise/0/0/0.png", headers={"Cookie": "known=yes"})
    assert (answer.status_code, answer.text) == (200, "inside")
    assert answer.headers["vary"] == "Cookie, Authorization"


@pytest.mark.parametrize("root_path", ["", "/app"])
def test_guard_keeps_to_its_paths(root_path: str) -> None:
    asking = client("/explorer/media", "/explorer/_stcore/upload_file", root_path=root_path)
    for path, status in {
        "/explorer/media/picture.png": 401,
        "/explorer/_stcore/upload_file/session/file": 401,
        "/explorer/_stcore/health": 200,
        "/media": 200,
    }.items():
        assert asking.get(f"{root_path}{path}").status_code == status, path
