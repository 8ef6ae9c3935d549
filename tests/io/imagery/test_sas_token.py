"""Tokens that run out: renewed in time, told apart by collection, and their refusals in one sentence."""

from collections import deque

import pytest
from stac_server import StacServer

from graft_core.errors import ImageryError
from graft_core.io.imagery.sas_token import SasTokens

HREF = "https://account.blob.core.windows.net/naip/a.tif"


def test_a_token_is_used_until_shortly_before_it_runs_out(catalogs: StacServer) -> None:
    import time

    clock = [time.time()]
    tokens = SasTokens(catalogs.sas, now=lambda: clock[0])
    first = tokens.signed(HREF, "naip")
    assert first.startswith(f"{HREF}?st=now&se=later&sp=rl&sr=c&sig=SECRET")
    clock[0] += 3400
    assert tokens.signed(HREF, "naip") == first
    clock[0] += 100
    assert tokens.signed(HREF, "naip") != first
    assert catalogs.asked == [("GET", "/sas/token/naip")] * 2


def test_a_refused_token_is_not_used_again(catalogs: StacServer) -> None:
    tokens = SasTokens(catalogs.sas)
    first = tokens.signed(HREF, "naip")
    tokens.forget("naip")
    assert tokens.signed(HREF, "naip") != first


def test_each_collection_has_its_own(catalogs: StacServer) -> None:
    tokens = SasTokens(catalogs.sas)
    assert tokens.signed(HREF, "naip") != tokens.signed(HREF, "sentinel-2-l2a")
    tokens.signed(HREF, "naip")
    assert catalogs.asked == [("GET", "/sas/token/naip"), ("GET", "/sas/token/sentinel-2-l2a")]


@pytest.mark.parametrize("status", [404, 429, 500])
def test_a_refusal_is_told_with_its_number(catalogs: StacServer, status: int) -> None:
    catalogs.answers["/sas/token/naip"] = deque([(status, b"no")])
    with pytest.raises(ImageryError, match=rf"no token for the files of naip \(it answers {status}\)"):
        SasTokens(catalogs.sas).signed(HREF, "naip")


@pytest.mark.parametrize(
    "text",
    [
        b"<html>",
        b"[]",
        b"{}",
        b'{"token": "a"}',
        b'{"token": "a", "msft:expiry": "soon"}',
        b'{"token": "a", "msft:expiry": "2030-01-01T00:00:00"}',
        b'{"token": "a", "msft:expiry": 5}',
    ],
)
def test_rubbish_is_one_sentence(catalogs: StacServer, text: bytes) -> None:
    catalogs.answers["/sas/token/naip"] = deque([(200, text)])
    with pytest.raises(ImageryError, match="is no token for the files of naip; check the address"):
        SasTokens(catalogs.sas).signed(HREF, "naip")


def test_no_server_is_one_sentence(catalogs: StacServer) -> None:
    catalogs.stop()
    with pytest.raises(ImageryError, match=r"\(no answer\); check the network"):
        SasTokens(catalogs.sas).signed(HREF, "naip")
