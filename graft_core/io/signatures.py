"""Signed addresses stay out of logs: GDAL names what it asked for in its warnings, signature and all."""

import functools
import logging
import re

_LOGGERS = ("rasterio._env", "rasterio._err", "rasterio._io", "urllib3.connectionpool")
_NAMES = (
    "sig|signature|token|access[_-]?token|auth|authorization|api[_-]?key|x-api-key|subscription-key|password|secret|"
    "awsaccesskeyid|googleaccessid|key-pair-id|policy|x-(?:amz|goog|oss)-[a-z-]+"
)
"""What Azure, Amazon (S3, CloudFront) and Google call the parts of a signature, and services their keys."""
_SECRET = re.compile(_NAMES, re.IGNORECASE)
_PAIR = re.compile(rf"(?<![\w-])({_NAMES})=[^&\s'\",:;)]+", re.IGNORECASE)
_USER = re.compile(r"://[^/\s?#@]+@")


@functools.cache
def hide_signatures() -> None:
    """From here on this program's log has no signature of an address in it."""
    hiding = _Hiding()
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(hiding)


def is_secret(name: str) -> bool:
    """Whether a parameter of this name lets whoever has its value in."""
    return _SECRET.fullmatch(name) is not None


def without_signatures(text: str) -> str:
    """The text with every signature, key and password of an address replaced by dots."""
    return _USER.sub("://...@", _PAIR.sub(r"\1=...", text))


class _Hiding(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        hidden = without_signatures(said)
        if hidden != said:
            record.msg, record.args = hidden, ()
        return True
