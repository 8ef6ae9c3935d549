"""The application in Debian's Chromium: a server of its own for a script, and a page that notes what goes wrong."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from browser_page import ROOT, Serve, Servers, Watched, new_person
from local_server import PATIENCE_S, free_port, wait_for
from needed import missing
from playwright.sync_api import Browser, expect, sync_playwright


@pytest.fixture(scope="session")
def chromium() -> str:
    """Debian's Chromium; a machine without it skips, except in CI, which must have it."""
    program = shutil.which("chromium")
    if program is None:
        missing("chromium is not installed (apt-get install chromium)")
    return program


@pytest.fixture(scope="session")
def nginx() -> str:
    """Debian's nginx; a machine without it skips, except in CI, which must have it."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        missing("nginx is not installed (apt-get install nginx-light)")
    return program


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """One browser for a module's tests; its event loop is gone before another module needs its own."""
    expect.set_options(timeout=1000 * PATIENCE_S)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    """A page whose problems fail the test."""
    context = new_person(browser)
    seen = Watched(context.new_page())
    context.route("**/*", seen.asks)
    seen.page.on("pageerror", lambda error: seen.problems.append(f"error: {error}"))
    seen.page.on("console", seen.says)
    yield seen
    context.close()
    assert seen.problems == []


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """The Streamlit servers of a module by their address, for a test that kills one."""
    running: Servers = {}
    yield running
    for server in running.values():
        server.terminate()
    for server in running.values():
        server.wait(timeout=PATIENCE_S)


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory, servers: Servers) -> Serve:
    """``serve(script, "--flag=value", ..., env={...})`` starts Streamlit and gives its address, without a base path.

    Streamlit reads .streamlit/config.toml and, for what is under /app/static/, ``static/`` beside the script.
    """

    def start(script: Path, *flags: str, env: Mapping[str, str] | None = None) -> str:
        port = free_port()
        log = tmp_path_factory.mktemp("server") / "log.txt"
        command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless=true"]
        command += [f"--server.port={port}", "--server.address=127.0.0.1", "--browser.gatherUsageStats=false", *flags]
        surroundings = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ['PYTHONPATH']}", **(env or {})}
        with log.open("wb") as output:
            server = subprocess.Popen(
                command, cwd=script.parent, env=surroundings, stdout=output, stderr=subprocess.STDOUT
            )
        servers[f"http://127.0.0.1:{port}"] = server
        base = next((flag.partition("=")[2].strip("/") for flag in flags if "baseUrlPath" in flag), "")
        wait_for(f"http://127.0.0.1:{port}/{base}{'/' if base else ''}_stcore/health", server, log)
        return f"http://127.0.0.1:{port}"

    return start
