"""What people wait for in the browser, and what a few of them at once take; one JSON object.

    python -m benchmarks.browser

Starts the application on a demo world in Debian's Chromium: from nothing to the page, to the imagery on the map, to the
first answer, which loads the encoder; then the same warm, and the server's memory while sessions come.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

from graft_core import settings

SIZE_M = 2048
"""Side of the demo world, as the first start draws it."""
WORDS = ("forest", "lake", "harbour", "golf course", "quarry", "orchard")
PATIENCE_MS = 120_000
MOST_SESSIONS = 4


def main() -> None:
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="warm visits, of which the median is taken")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        surroundings = {**os.environ, "GRAFT_TILES": folder, "GRAFT_WEIGHTS": str(Path(folder) / "weights")}
        _make_demo(surroundings, Path(folder))
        start = time.perf_counter()
        with _server(surroundings) as (server, address), _chromium() as browser:
            found: dict[str, Any] = {"server_up_s": round(time.perf_counter() - start, 2)}
            found["idle_mb"] = _resident_mb(server)
            found |= {f"cold_{name}": value for name, value in _visit(browser, address, WORDS[0]).items()}
            warm = [_visit(browser, address, WORDS[0]) for _ in range(rounds)]
            found |= {f"warm_{name}": round(statistics.median(each[name] for each in warm), 2) for name in warm[0]}
            found["new_words_to_heat_map_s"] = round(statistics.median(_new_words(browser, address)), 2)
            found["sessions_mb"] = _sessions(browser, address, server)
    print(json.dumps({"benchmark": "browser", "cores": os.cpu_count(), **found}, indent=2))


def _visit(browser: Browser, address: str, words: str) -> dict[str, float]:
    """Seconds from asking for the address, which holds a query, until each thing is there."""
    with _page(browser) as page:
        start = time.perf_counter()
        page.goto(f"{address}/?query={words}")
        page.get_by_role("textbox", name="Search").wait_for()
        ready = time.perf_counter()
        page.frame_locator("iframe[title*=folium]").locator(".leaflet-tile-loaded").first.wait_for()
        imagery = time.perf_counter()
        _answered(page, words)
        return {
            "page_s": round(ready - start, 2),
            "imagery_s": round(imagery - start, 2),
            "answer_s": round(time.perf_counter() - start, 2),
        }


def _new_words(browser: Browser, address: str) -> list[float]:
    """Seconds from Enter to the legend and the heat map, for words nobody has asked."""
    spent = []
    with _page(browser) as page:
        page.goto(f"{address}/?query={WORDS[0]}")
        _answered(page, WORDS[0])
        for words in WORDS[1:]:
            start = time.perf_counter()
            page.get_by_role("textbox", name="Search").fill(words)
            page.keyboard.press("Enter")
            _answered(page, words)
            spent.append(time.perf_counter() - start)
    return spent


def _sessions(browser: Browser, address: str, server: "subprocess.Popen[bytes]") -> list[int]:
    """The server's memory, MB, with one session more each time, each of which has asked two queries of its own."""
    found = []
    with ExitStack() as open_pages:
        for number in range(MOST_SESSIONS):
            page = open_pages.enter_context(_page(browser))
            for words in (f"{WORDS[number]} - {WORDS[number + 1]}", f"{WORDS[number]} + {WORDS[number + 1]}"):
                page.goto(f"{address}/?query={quote(words)}")
                _answered(page, words)
            found.append(_resident_mb(server))
    return found


def _answered(page: Page, words: str) -> None:
    page.get_by_text(f"Density of {words}").wait_for()
    frame = page.frame_locator("iframe[title*=folium]")
    frame.locator(f".leaflet-image-layer[alt^={json.dumps(words)}]").wait_for()


@contextmanager
def _page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    yield page
    context.close()


@contextmanager
def _chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        raise SystemExit("chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def _server(surroundings: dict[str, str]) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["streamlit", "run", "app.py", f"--server.port={port}", "--server.headless=true"]
    server = _run(command, surroundings)
    address = f"http://127.0.0.1:{port}"
    while True:
        try:
            with urlopen(f"{address}/_stcore/health", timeout=1):
                break
        except OSError:
            time.sleep(0.05)
    yield server, address
    server.send_signal(signal.SIGTERM)
    server.wait()


def _make_demo(surroundings: dict[str, str], folder: Path) -> None:
    world = ["world", "--out", str(folder / "demo"), "--seed", "7", "--size", str(SIZE_M)]
    for arguments in (world, ["index", str(folder / "demo" / "naip.tif")]):
        if _run(["graft_core", *arguments], surroundings).wait():
            raise SystemExit(f"graft_core {arguments[0]} failed")


def _run(module: Sequence[str], surroundings: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", *module], cwd=settings.PROJECT_ROOT, env=surroundings, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _resident_mb(process: "subprocess.Popen[Any]") -> int:
    fields = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return int(next(line for line in fields if line.startswith("VmRSS")).split()[1]) // 1024


if __name__ == "__main__":
    main()
