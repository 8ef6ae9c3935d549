"""Signing in through Streamlit's OpenID Connect where the secrets file asks for it; without one, all are welcome."""

import functools
import json
from collections.abc import Mapping
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp
from streamlit import config
from streamlit.auth_util import get_cookie_with_chunks, get_origin_from_redirect_uri
from streamlit.errors import StreamlitSecretNotFoundError
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_routes import BASE_ROUTE_MEDIA, BASE_ROUTE_UPLOAD_FILE
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from graft_core.errors import SignInError
from graft_core.serve.admission import Claims, Guard, SignIn, read_sign_in
from graft_core.ui.address import base_path


@functools.cache
def sign_in() -> SignIn | None:
    """What the secrets ask for; read once, so that a file spoilt later cannot open the door.

    Raises:
        SignInError: there are secrets that cannot be read, or that ask for a sign-in that cannot work.
    """
    stated = [Path(path) for path in st.get_option("secrets.files")]
    absent = [path for path in stated if not path.exists()]
    if absent and config.is_manually_set("secrets.files"):
        raise SignInError(f"There is no secrets file {absent[0]}; write it, or start without --secrets.files.")
    if absent == stated:
        return None
    try:
        secrets = st.secrets.to_dict()
    except StreamlitSecretNotFoundError as error:
        raise SignInError(f"The secrets cannot be read: {error}") from error
    return read_sign_in(secrets)


def admitted() -> bool:
    """Whether whoever looks at this page may."""
    asked = sign_in()
    return asked is None or asked.admits(st.user.to_dict())


def guarded_tiles(tiles: ASGIApp) -> ASGIApp:
    """The tile service, for admitted people and for programs with its password."""
    asked = _at_start()
    if asked is None:
        return tiles
    return Guard(tiles, lambda asking: asked.admits(_claims(asking.cookies)) or asked.admits_program(asking.headers))


def guards() -> list[Middleware]:
    """What stands before the rest of the server: pictures and files of a page, and what is uploaded to it."""
    asked = _at_start()
    if asked is None:
        return []

    def admits(asking: HTTPConnection) -> bool:
        return asked.admits(_claims(asking.cookies))

    paths = tuple(f"{base_path()}/{route}" for route in (BASE_ROUTE_MEDIA, BASE_ROUTE_UPLOAD_FILE))
    return [Middleware(Guard, admits, paths)]


def show_account() -> None:
    """Who is signed in, and the way out; nothing where nobody has to."""
    if sign_in() is None:
        return
    with st.container(key="account", horizontal=True, vertical_alignment="center", gap="small", width="content"):
        st.text(_name(), width="content")
        st.button("Sign out", on_click=st.logout, type="tertiary", icon=":material/logout:")


def ask_to_sign_in() -> None:
    """The page of whoever is not admitted: the way in, or for a person who is not on the list, out."""
    st.space(120)
    with st.container(horizontal_alignment="center"), st.container(border=True, width=440, gap="medium"):
        st.title("GRAFT Explorer", anchor=False)
        if st.user.to_dict().get("is_logged_in"):
            st.warning("Your account is not on the list of this server. Ask whoever runs it, or sign in as another.")
            st.text(_name())
            st.button("Sign out", on_click=st.logout, icon=":material/logout:")
        else:
            st.write("Search satellite and aerial imagery with words.")
            st.button("Sign in", on_click=st.login, type="primary", icon=":material/login:")


def _at_start() -> SignIn | None:
    """The same, with a sentence and no server where the secrets are wrong."""
    try:
        return sign_in()
    except SignInError as error:
        raise SystemExit(f"{error}") from None


def _claims(cookies: Mapping[str, str]) -> Claims:
    """What Streamlit's own signed cookie says of the person; nothing where it was not made by this server's sign-in."""

    def signed(name: str) -> bytes | None:
        return decode_signed_value(get_cookie_secret(), name, cookies.get(name, ""))

    told = get_cookie_with_chunks(signed, USER_COOKIE_NAME)
    claims: Claims = json.loads(told) if told else {}
    return claims if claims.get("origin") == get_origin_from_redirect_uri() else {}


def _name() -> str:
    claims = st.user.to_dict()
    return str(claims.get("email") or claims.get("name") or "signed in")
