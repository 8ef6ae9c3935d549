"""Signed addresses stay out of logs: GDAL names what it asked for in its warnings, signature and all."""

import functools
import logging
import re

_LOGGERS = ("rasterio._env", "rasterio._err", "rasterio._io", "urllib3.connectionpool")
_SIGNATURE = re.compile(r"\b(sig|X-Amz-Signature|X-Amz-Security-Token)=[^&\s'\",:;)]+", re.IGNORECASE)


@functools.cache
def hide_signatures() -> None:
    """From here on this program's log has no signature of an address in it."""
    hiding = _Hiding()
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(hiding)


def without_signatures(text: str) -> str:
    """The text with every signature (Azure's ``sig``, Amazon's) replaced by dots."""
    return _SIGNATURE.sub(r"\1=...", text)


class _Hiding(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        hidden = without_signatures(said)
        if hidden != said:
            record.msg, record.args = hidden, ()
        return True
