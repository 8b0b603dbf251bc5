"""The dashboard in a real browser, at the width of a desk and of a hand."""

import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from segml.dashboard import FOLDER_VARIABLE, command
from segml.dashboard.views import PAGES
from segml.publishing import publish

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS, PAGE_MILLISECONDS = 120, 60_000
WIDTHS = (1440, 390)
TITLES = [title for title, _ in PAGES]
READY = "[data-testid=stApp][data-test-script-state=notRunning]"
OVERFLOW = """
() => [...document.querySelectorAll('[data-testid=stMain], .tile, h1, h2')]
    .filter(element => element.scrollWidth > element.clientWidth + 1)
    .map(element => element.textContent.slice(0, 60))
"""


@pytest.fixture
def address(demo, tmp_path):
    """Serve the demo shop's publication on a free port."""
    publish(demo.warehouse, tmp_path / "published")
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    environment = os.environ | {FOLDER_VARIABLE: str(tmp_path / "published")}
    server = subprocess.Popen(
        command(port), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield _wait(f"http://localhost:{port}")
    finally:
        server.terminate()
        server.wait()


def _wait(address):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health"):
                return address
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(f"no dashboard at {address}")


@pytest.mark.slow
def test_every_page_fits_both_widths_and_asks_the_network_for_nothing(address):
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"there is no browser at {CHROMIUM}")
    requests, problems = [], []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        for width in WIDTHS:
            page = browser.new_page(viewport={"width": width, "height": 900})
            page.set_default_timeout(PAGE_MILLISECONDS)
            page.on("request", lambda request: requests.append(request.url))
            for title in reversed(TITLES):  # a link to a page works before the start page was seen
                path = "" if title == TITLES[0] else title.lower().replace(" ", "-")
                page.goto(f"{address}/{path}")
                page.get_by_role("heading", name=title, level=1).wait_for()
                page.locator(READY).wait_for()
                # charts are drawn after the script has run
                page.locator(".tiles, canvas, [data-testid=stAlert]").first.wait_for()
                problems += page.locator("[data-testid=stException]").all_inner_texts()
                problems += [f"{title} {width}: {text}" for text in page.evaluate(OVERFLOW)]
            page.close()
        browser.close()
    assert problems == []
    local = (address, address.replace("http", "ws", 1), "data:", "blob:")
    assert [url for url in requests if not url.startswith(local)] == []
