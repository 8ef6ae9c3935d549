"""Signing in, with a true provider: who sees pages and map tiles, and who does not."""

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest
from browser_page import ROOT, Serve, Watched, new_person
from four_colors import geobox
from identity_provider import CLIENT_ID, CLIENT_SECRET, Provider, provider_of
from local_server import PATIENCE_S, free_port
from playwright.sync_api import Browser, Page, expect
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from graft_core.io.geotiff import write_raster
from graft_core.io.scene import open_scene
from graft_core.serve.addresses import scene_tiles_url

COOKIE, SECRET, TILE_PASSWORD = "_streamlit_user", "c" * 32, "t" * 32
UPLOAD = "/_stcore/upload_file/session/file"
PEOPLE = {
    "Ada": {"email": "Ada@example.org", "email_verified": True, "name": "Ada", "picture": "x" * 5000},
    "Ben": {"email": "ben@elsewhere.net", "name": "Ben"},
    "Eve": {"email": "eve@elsewhere.net", "name": "Eve"},
}
SECRETS = """
[auth]
redirect_uri = "http://127.0.0.1:{{port}}{base}/oauth2callback"
cookie_secret = "{secret}"
client_id = "{client}"
client_secret = "{client_secret}"
server_metadata_url = "{provider}/.well-known/openid-configuration"

[graft]
allowed = ["@example.org", "ben@elsewhere.net"]
tile_password = "{password}"
"""


@dataclass(frozen=True)
class Site:
    """The application with a sign-in, and one scene."""

    address: str
    tile: str
    """Address of a tile that browsers may keep."""
    guarded: tuple[str, ...]
    """Addresses besides the pages that a stranger must not be answered at."""


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with provider_of(PEOPLE) as provider:
        yield provider


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one scene there is, indexed."""
    path = tmp_path_factory.mktemp("tiles") / "noise.tif"
    pixels = np.random.default_rng(0).integers(1, 255, (3, 256, 256), dtype=np.uint8)
    write_raster(path, pixels, geobox(256, 256), descriptions=("red", "green", "blue"), photometric="rgb")
    surroundings = {**os.environ, "GRAFT_TILES": str(path.parent)}
    subprocess.run([sys.executable, "-m", "graft_core", "index", str(path)], cwd=ROOT, env=surroundings, check=True)
    return path


def start(serve: Serve, folder: Path, provider: Provider, scene: Path, base: str = "") -> Site:
    secrets = SECRETS.format(
        base=base,
        secret=SECRET,
        client=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        provider=provider.address,
        password=TILE_PASSWORD,
    )
    (folder / "secrets.toml").write_text(secrets)
    flags = (f"--secrets.files={folder / 'secrets.toml'}", *([f"--server.baseUrlPath={base}"] if base else []))
    origin = serve(ROOT / "app.py", *flags, env={"GRAFT_TILES": str(scene.parent)})
    tile = scene_tiles_url(f"{base}/rasters", open_scene(scene)).format(z=0, x=0, y=0)
    info = f"{tile.partition('/tiles/')[0]}/info"
    others = (info, f"{base}/rasters/", f"{base}/media/picture.png")
    return Site(f"{origin}{base}", origin + tile, tuple(origin + each for each in (tile, *others)))


@pytest.fixture(scope="module")
def site(serve: Serve, provider: Provider, scene: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return start(serve, tmp_path_factory.mktemp("sign_in"), provider, scene)


def sign_in(page: Page, site: Site, name: str) -> None:
    """Through the provider's page, which leads back."""
    page.goto(site.address)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name=name).click()


def at_the_door(page: Page) -> None:
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def signed_in(page: Page, email: str) -> None:
    expect(page.get_by_text(email, exact=True)).to_be_visible()


def answer_in(page: Page, address: str) -> int:
    """Status of what the page itself fetches, from its cache where that may be."""
    status: int = page.evaluate("address => fetch(address).then(answer => answer.status)", address)
    return status


def refusals_are_expected(watched: Watched) -> None:
    """Chromium notes each answer of 401 on the console; here it was asked for."""
    watched.problems[:] = [each for each in watched.problems if "401 (Unauthorized)" not in each]


@pytest.mark.parametrize("path", ["/", "/Library", "/?query=forest"])
def test_stranger_sees_the_door_and_nothing_else(watched: Watched, site: Site, path: str) -> None:
    watched.open(f"{site.address}{path}")
    at_the_door(watched.page)
    door = watched.page.get_by_test_id("stMain")
    expect(door.get_by_role("heading", name="GRAFT Explorer")).to_be_visible()
    expect(door.get_by_role("button")).to_have_count(1)
    expect(door.locator("a, img, iframe, input")).to_have_count(0)
    expect(watched.page.get_by_role("link", name="Library")).to_have_count(0)
    for address in site.guarded:
        assert watched.page.request.get(address).status == 401, address
    assert watched.page.request.put(f"{site.address}{UPLOAD}", data=b"much").status == 401


def test_person_on_the_list_works_and_leaves_nothing_behind(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site, "Ada")
    signed_in(page, "Ada@example.org")
    expect(watched.map_frame().locator(".leaflet-tile-loaded").first).to_be_visible()
    watched.open(f"{site.address}/Library")
    expect(page.get_by_text("Add a scene")).to_be_visible()
    assert answer_in(page, site.tile) == 200
    assert page.request.get(f"{site.address}/media/picture.png").status == 404
    assert page.request.put(f"{site.address}{UPLOAD}").status == 403, "not from a page's own script"
    page.get_by_role("button", name="Sign out").click()
    at_the_door(page)
    expect(page.get_by_text("Ada@example.org")).to_have_count(0)
    assert answer_in(page, site.tile) == 401
    refusals_are_expected(watched)
    page.reload()
    at_the_door(page)


def test_person_who_is_not_on_the_list_is_told_so(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site, "Eve")
    expect(page.get_by_text("is not on the list of this server")).to_be_visible()
    expect(page.get_by_text("eve@elsewhere.net")).to_be_visible()
    expect(page.get_by_test_id("stMain").get_by_role("button")).to_have_text([re.compile("Sign out")])
    for address in site.guarded:
        assert page.request.get(address).status == 401, address
    page.get_by_role("button", name="Sign out").click()
    at_the_door(page)


def test_two_browsers_are_two_people(watched: Watched, browser: Browser, site: Site) -> None:
    other = new_person(browser).new_page()
    sign_in(watched.page, site, "Ada")
    sign_in(other, site, "Ben")
    watched.page.reload()
    signed_in(watched.page, "Ada@example.org")
    signed_in(other, "ben@elsewhere.net")
    watched.page.get_by_role("button", name="Sign out").click()
    at_the_door(watched.page)
    other.reload()
    signed_in(other, "ben@elsewhere.net")
    assert watched.page.request.get(site.tile).status == 401
    assert answer_in(other, site.tile) == 200
    other.get_by_role("button", name="Sign out").click()
    at_the_door(other)
    assert answer_in(other, site.tile) == 401, "not even from the browser's cache, which the watched page is without"
    other.context.close()


def test_below_a_base_path(
    watched: Watched, serve: Serve, provider: Provider, scene: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    site = start(serve, tmp_path_factory.mktemp("below"), provider, scene, base="/explorer")
    assert {httpx.get(address).status_code for address in site.guarded} == {401}
    assert httpx.put(f"{site.address}{UPLOAD}").status_code == 401
    sign_in(watched.page, site, "Ben")
    expect(watched.map_frame().locator(".leaflet-tile-loaded").first).to_be_visible()
    assert answer_in(watched.page, site.tile) == 200


def test_map_program_brings_the_tile_password_and_gets_tiles_alone(site: Site) -> None:
    def basic(password: str) -> dict[str, str]:
        return {"Authorization": f"Basic {base64.b64encode(f'qgis:{password}'.encode()).decode()}"}

    answer = httpx.get(site.tile, headers=basic(TILE_PASSWORD))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert httpx.get(site.tile, headers=basic("guessed")).status_code == 401
    assert httpx.get(f"{site.address}/media/picture.png", headers=basic(TILE_PASSWORD)).status_code == 401


def test_forged_cookie_is_no_cookie(site: Site) -> None:
    claims = {"is_logged_in": True, "email": "ada@example.org", "origin": site.address}

    def asked_with(secret: str, name: str = COOKIE, **changed: str) -> int:
        cookie = create_signed_value(secret, name, json.dumps(claims | changed)).decode()
        return httpx.get(site.tile, headers={"Cookie": f"{COOKIE}={cookie}"}).status_code

    assert asked_with(SECRET) == 200, "this is how Streamlit makes it"
    assert asked_with("x" * 32) == 401
    assert asked_with(SECRET, origin="https://another.example.org") == 401
    assert asked_with(SECRET, name="_streamlit_user_tokens") == 401
    assert asked_with(SECRET, email="eve@elsewhere.net") == 401
    for cookie in ("", "{}", "a.b.c", "é", json.dumps(claims)):
        assert httpx.get(site.tile, headers={"Cookie": f"{COOKIE}={cookie}".encode("latin-1")}).status_code == 401


@pytest.mark.parametrize(
    ("secrets", "said"),
    [
        (None, "There is no secrets file"),
        ("[auth", "The secrets cannot be read"),
        ("[auth]\nclient_id = 'graft'", "lacks redirect_uri"),
        ("[graft]\nallowed = ['@example.org']", "need a section [auth]"),
    ],
)
def test_server_does_not_start_with_half_a_sign_in(tmp_path: Path, secrets: str | None, said: str) -> None:
    path = tmp_path / "secrets.toml"
    if secrets is not None:
        path.write_text(secrets)
    flags = ["--server.headless=true", f"--server.port={free_port()}", f"--secrets.files={path}"]
    ended = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), *flags],
        cwd=ROOT,
        env={**os.environ, "GRAFT_TILES": str(tmp_path / "tiles")},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert ended.returncode != 0
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
