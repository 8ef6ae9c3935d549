"""A log that anybody may read holds no key to anything."""

import logging

import pytest

from graft_core.io.signatures import hide_signatures, without_signatures


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("GET https://h/a.tif?se=1&sig=aB%2Fc&sp=r: 403", "GET https://h/a.tif?se=1&sig=...&sp=r: 403"),
        ("'https://h/a?X-Amz-Signature=00ff'", "'https://h/a?X-Amz-Signature=...'"),
        ("'https://h/a?Signature=ff&Key-Pair-Id=K'", "'https://h/a?Signature=...&Key-Pair-Id=...'"),
        ("https://h/a?X-Goog-Credential=k%2F5&api_key=5 fails", "https://h/a?X-Goog-Credential=...&api_key=... fails"),
        ("no https://user:pw@h/a?b=c@d", "no https://...@h/a?b=c@d"),
        ("a design=5 stays, and so does sigma=3", "a design=5 stays, and so does sigma=3"),
    ],
)
def test_signatures_are_replaced_and_nothing_else(said: str, kept: str) -> None:
    assert without_signatures(said) == kept


def test_warnings_of_gdal_lose_their_signatures(caplog: pytest.LogCaptureFixture) -> None:
    hide_signatures()
    logging.getLogger("rasterio._env").warning("CPLE in %s", "HTTP on https://h/a?sig=abc: 403")
    assert caplog.messages == ["CPLE in HTTP on https://h/a?sig=...: 403"]
