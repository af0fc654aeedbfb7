"""A real browser on a real server of the page, and a steward who uses it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from memory import embedded
from ui.web.server import command

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    # Nothing but the server under test can be reached: whatever the page asks of others fails at once.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
# The contrast that WCAG 2 asks of text at level AA: 4.5 to 1, and 3 to 1 where it is large. What is disabled is exempt.
HARD_TO_READ = """() => {
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true})
    const rgba = color => {
        canvas.clearRect(0, 0, 1, 1)
        canvas.fillStyle = color
        canvas.fillRect(0, 0, 1, 1)
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data
        return [r, g, b, a / 255]
    }
    const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1)
    const ground = one => {
        if (!one) return [255, 255, 255, 1]
        const own = rgba(getComputedStyle(one).backgroundColor)
        return own[3] === 1 ? own : over(own, ground(one.parentElement))
    }
    const light = color => {
        const [r, g, b] = color.map(part => part / 255).map(
            part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const found = []
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (texts.nextNode()) {
        const one = texts.currentNode.parentElement, text = texts.currentNode.data.trim()
        if (!text || !one.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue
        if (one.closest(':disabled, [aria-disabled="true"], style, script')) continue
        const style = getComputedStyle(one), below = ground(one)
        let opacity = 1
        for (let up = one; up; up = up.parentElement) opacity *= Number(getComputedStyle(up).opacity)
        const [r, g, b, a] = rgba(style.color)
        const [high, low] = [over([r, g, b, a * opacity], below), below].map(light).sort((x, y) => y - x)
        const contrast = (high + 0.05) / (low + 0.05)
        const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700)
        if (contrast < (large ? 3 : 4.5)) found.push(`${text.slice(0, 40)}: ${contrast.toFixed(2)}`)
    }
    return found
}"""
PATIENCE = 60_000
"""Milliseconds for a step on a busy machine."""


def missing() -> str | None:
    """Why there can be no browser test here, or None."""
    if importlib.util.find_spec("playwright") is None:
        return "the Playwright client is not installed: make .venv/.dev"
    if shutil.which("chromium") is None:
        return "chromium is not installed: apt-get install chromium"
    return None


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(home: Path, folder: Path, arguments: list[str] | None = None, port: int | None = None) -> Iterator[str]:
    """The address of a server of the page with a store of its own, started from ``folder``."""
    port = port or free_port()
    environment = {**os.environ, "ASSAY_HOME": str(home), "ASSAY_MODEL": "offline"}
    environment.pop("ASSAY_DATABASE_URL", None)
    line = arguments or command(port, "127.0.0.1")
    log = (home.parent / f"server-{port}.log").open("wb")
    process = subprocess.Popen(
        [part.replace("{port}", str(port)) for part in line],
        cwd=folder,
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
    )
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}/_stcore/health", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()
        embedded.stop(home)


def _wait_until_healthy(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None, "the server ended before it was up"
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError("the server did not come up")


@contextmanager
def chromium() -> Iterator:
    """Debian's browser. Playwright's client drives it, none is downloaded."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        yield browser
        browser.close()


class Steward:
    """A person at the page: says what she wants, and sees to it that it came to be."""

    def __init__(self, page, address: str) -> None:
        from playwright.sync_api import expect

        self.page = page
        self.address = address
        self.expect = expect
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)

    def open(self, path: str = "/") -> None:
        """Goes to a page; what is fetched from elsewhere is not waited for."""
        self.page.goto(self.address + path, wait_until="domcontentloaded")
        self.settled()

    def reload(self) -> None:
        """Presses F5."""
        self.page.reload(wait_until="domcontentloaded")
        self.settled()

    def settled(self) -> None:
        """Waits until the script has drawn all it has to draw."""
        self.expect(self.page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]')).to_be_visible()

    def sees(self, text: str) -> None:
        """The text is to be read somewhere."""
        self.expect(self.page.get_by_text(text).filter(visible=True).first).to_be_visible()

    def ask(self, question: str) -> None:
        """Sends a message."""
        box = self.page.get_by_test_id("stChatInputTextArea")
        box.fill(question)
        box.press("Enter")

    def hard_to_read(self) -> list[str]:
        """Texts without enough contrast. What is drawn anew is pale for a moment, so it is looked at again."""
        found: list[str] = []
        for _ in range(20):
            self.settled()
            found = self.page.evaluate(HARD_TO_READ)
            if not found:
                break
            self.page.wait_for_timeout(250)
        return found

    def card(self, number: int):
        """The card of a proposal."""
        return self.page.locator(
            f'[class*="st-key-card-"][class$="-{number}"], [class*="-{number} "][class*="st-key-card-"]'
        )

    def approve(self, number: int) -> None:
        """Approves one rule."""
        self.card(number).get_by_role("button", name="Approve", exact=True).click()
        self.expect(self.card(number)).to_have_count(0)

    def edits(self, number: int, rule: str):
        """Opens the editor of a card, writes and leaves the field; the field."""
        editor = self.card(number).get_by_label("The rule in DQDL", exact=True)
        if editor.count() == 0:
            self.card(number).get_by_role("button", name="Edit", exact=True).click()
        editor.fill(rule)
        editor.press("Control+Enter")
        return editor

    def save_edit(self, number: int) -> None:
        """Approves the rule as it was edited."""
        self.card(number).get_by_role("button", name="Approve as edited").click()
        self.expect(self.card(number)).to_have_count(0)

    def reject(self, number: int, reason: str) -> None:
        """Rejects one rule."""
        self.card(number).get_by_role("button", name="Reject …").click()
        self.card(number).get_by_label("Why not?").fill(reason)
        self.card(number).get_by_role("button", name="Reject", exact=True).click()
        self.expect(self.card(number)).to_have_count(0)

    def approve_rest(self) -> None:
        """Approves all that is left."""
        self.page.get_by_role("button", name="Approve all …").click()
        self.page.get_by_role("button", name="left").filter(visible=True).click()
