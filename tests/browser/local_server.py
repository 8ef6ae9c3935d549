"""What it takes to start a server of this machine and to know that it answers."""

import socket
import subprocess
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

PATIENCE_S = 180
"""All of what a test waits for comes within seconds; this is for a machine that is busy with something else."""


def wait_for(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until the address answers; fails the test with what the server said where it never does."""
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up and server.poll() is None:
        try:
            with urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    said = log.read_text(errors="replace") if log.exists() else "nothing"
    pytest.fail(f"{url} does not answer; the server said:\n{said}")


def free_port() -> int:
    """A port nobody uses yet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
