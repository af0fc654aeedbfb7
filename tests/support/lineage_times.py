"""How long the lineage page takes to answer, in a real browser: ``python -m tests.support.lineage_times``.

On a small warehouse, a table of 1,000 columns between two others, and a column of which 1,000 are made in 100 tables.
A time is from the click to the first frame of the picture that is drawn anew.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from memory import Memory, embedded
from tests.support import browser, warehouse
from tests.support.browser import Steward

TIMES = 9
WATCH = """() => {
    const canvas = document.querySelector('.ln-canvas'), before = canvas.dataset.turn
    window.answered = new Promise(resolve => addEventListener('pointerup', () => {
        const clicked = performance.now()
        const look = () => canvas.dataset.turn !== before
            ? requestAnimationFrame(() => resolve(performance.now() - clicked)) : requestAnimationFrame(look)
        look()
    }, {capture: true, once: true}))
}"""


def main() -> None:
    """Prints a line per kind of click."""
    with tempfile.TemporaryDirectory(prefix="lt-") as folder, browser.chromium() as chromium:
        home = Path(folder) / "s"
        home.mkdir()
        with Memory.open(embedded.start(home)) as memory:
            memory.lineage.ingest([*warehouse.warehouse(), *warehouse.wide(1000), *warehouse.hub(1000, 100)])
            warehouse.validated(memory)
        with browser.served(home, Path(folder)) as address:
            page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
            _all(Steward(page, address))


def _all(steward: Steward) -> None:
    page = steward.page
    rows, fold = page.locator(".ln-start .ln-row"), page.locator(".ln-start .ln-fold")
    for node in ("mart.fct_orders", "wide.cleaned", "hub.calendar.day"):
        _opened(steward, node)
        many = min(3, rows.count())
        _measure(steward, f"{node}: pick a column", lambda number: rows.nth(number % many).click())  # noqa: B023
        page.locator(".ln-canvas").press("Escape")
        _measure(steward, f"{node}: fold a card, unfold it", lambda _: fold.click())
    _opened(steward, "wide.cleaned")
    foot = page.locator(".ln-start .ln-foot")
    _measure(steward, "1,000 columns: turn the page", lambda _: foot.get_by_label("Next").click())
    _measure(steward, "1,000 columns: show 200, show 12", lambda _: foot.locator("button").last.click())
    _measure(steward, "200 of them shown: pick one", lambda number: rows.nth(number).click())


def _opened(steward: Steward, node: str) -> None:
    steward.open(f"/lineage?node={node}")
    steward.expect(steward.page.locator(".ln-canvas[data-turn]")).to_be_visible()


def _measure(steward: Steward, name: str, click: Callable[[int], None]) -> None:
    times = []
    for number in range(TIMES):
        steward.settled()
        steward.page.wait_for_timeout(300)
        steward.page.evaluate(WATCH)
        click(number)
        times.append(float(steward.page.evaluate("window.answered")))
    print(f"{name:<44} median {statistics.median(times):6.0f} ms   most {max(times):6.0f} ms", flush=True)


if __name__ == "__main__":
    main()
