"""Addresses that are written down let nobody in."""

import pytest

from graft_core.io.imagery.plain import plain, without_secrets


@pytest.mark.parametrize(
    "signed",
    [
        "https://host/a.tif?se=1&sig=x",
        "https://host/a.tif?Expires=1&Signature=abc&Key-Pair-Id=K&Policy=p",
        "https://host/a.tif?X-Goog-Algorithm=GOOG4&X-Goog-Signature=ff",
        "https://host/a.tif?X-Amz-Algorithm=AWS4&X-Amz-Credential=k&X-Amz-Signature=ff",
        "https://host/a.tif?versionId=5&AWSAccessKeyId=k",
        "https://host/a.tif?api_key=x",
        "https://host/a.tif?format=cog&access_token=x",
        "https://host/a.tif?%73ig=x",
        "https://host/a.tif#token=x",
        "https://user:pw@host/a.tif",
        "https://key@host/a.tif",
    ],
)
def test_signatures_keys_and_passwords_are_taken_off(signed: str) -> None:
    assert plain(signed) == "https://host/a.tif"


@pytest.mark.parametrize(
    "address",
    [
        "https://host/a.png?item=5&format=png",
        "https://host/a%20b.tif",
        "s3://bucket/a b.tif",
        "https://host/design?sigma=3&signal=x",
        "a token is no address, sig=5",
        "",
    ],
)
def test_nothing_else_is_changed(address: str) -> None:
    assert plain(address) == address


def test_an_address_within_an_address_counts() -> None:
    assert plain("https://draw/x.png?url=https%3A%2F%2Fhost%2Fa.tif%3Fsig%3Dx&w=5") == "https://draw/x.png"


def test_what_cannot_be_read_as_an_address_is_not_kept() -> None:
    assert plain("see http://[x]/a?sig=x or not") == "see  or not"


def test_every_address_of_a_document_is_looked_at() -> None:
    found = without_secrets({"a": [{"href": "x.tif?sig=1"}, "to https://h/x?sig=1"], "sig": 5, "b": "x.tif?sig=1"})
    assert found == {"a": [{"href": "x.tif"}, "to https://h/x"], "sig": 5, "b": "x.tif?sig=1"}
