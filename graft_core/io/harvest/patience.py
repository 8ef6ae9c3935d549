"""Which troubles of a service pass, and how long it wants to be left alone."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests

TRIES = 5
"""Of one request, the first counted in."""
LONGEST_WAIT_S = 300.0
"""A service that wants a longer pause gets it between two runs."""
_AGAIN = (408, 425, 429, 500, 502, 503, 504)


def passing(status: int) -> bool:
    """Whether a status of HTTP is one of those that pass."""
    return status in _AGAIN


def retry_after(value: str) -> float | None:
    """Seconds, or the moment, of the header Retry-After (RFC 9110, section 10.2.3); None where it says neither."""
    if value.strip().isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def trouble(error: requests.RequestException) -> str:
    """A failure in a few words, without the address, which may hold a signature."""
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted here"
    return "the connection broke"
