"""How large files are that lie somewhere else, without fetching them."""

import numpy as np
import requests

from graft_core.io.imagery.asset import Asset

TIMEOUT_S = (5.0, 30.0)


def asset_bytes(asset: Asset, address: str) -> int:
    """Bytes of a file: as its item says, as the server at ``address`` says, else as many as its pixels take.

    ``address`` may be signed and is not kept. 0 where nothing tells.
    """
    return asset.size or _asked(address) or _pixels(asset)


def _asked(address: str) -> int:
    try:
        with requests.head(address, timeout=TIMEOUT_S, allow_redirects=True) as response:
            stated = response.headers.get("Content-Length", "") if response.ok else ""
    except requests.RequestException:
        return 0
    return int(stated) if stated.isdigit() else 0


def _pixels(asset: Asset) -> int:
    if asset.shape is None:
        return 0
    return asset.shape[0] * asset.shape[1] * asset.count * np.dtype(asset.dtype).itemsize
