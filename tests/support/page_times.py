"""How long the page takes to answer a click, in a real browser: ``python -m tests.support.page_times [RULES]``.

On a store with that many rules active and as many to decide. A time is from the click to the moment when what was asked
for can be seen; the browser looks at each frame that it draws.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from memory import Memory, embedded
from tests.support import browser
from tests.support.browser import Steward
from tests.support.crowd import crowd

TIMES = 9
BAR_MS = 300
# The browser itself looks for the sign at each frame that it draws, so that the driver's own time is not in it.
WATCH = """([[css, text], gone]) => {
    const seen = () => [...document.querySelectorAll(css)].some(
        one => one.checkVisibility() && one.textContent.includes(text))
    window.answered = new Promise((resolve, reject) => addEventListener('pointerup', async () => {
        const clicked = performance.now()
        while (seen() === gone && performance.now() - clicked < 20000)
            await new Promise(requestAnimationFrame)
        resolve(performance.now() - clicked)
    }, {capture: true, once: true}))
}"""
Sign = tuple[str, str]
BUTTON, TAB = "button", '[role="radio"]'
TEXT = ", ".join(f'[data-testid="st{kind}"]' for kind in ("CaptionContainer", "MarkdownContainer", "Code", "Heading"))
Case = tuple[str, Callable[[Steward], None], Callable[[int], tuple[Sign, Sign, bool]]]


def main(rules: int = 1_000) -> None:
    """Prints a line per kind of click."""
    with tempfile.TemporaryDirectory(prefix="pt-") as folder, browser.chromium() as chromium:
        home = Path(folder) / "s"
        home.mkdir()
        os.environ["ASSAY_HOME"] = str(home)
        with Memory.open(embedded.start(home)) as memory:
            dataset, run = crowd(memory, Path(folder), rules)
        with browser.served(home, Path(folder)) as address:
            page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
            for name, ready, click in _cases(dataset, run):
                times = _measure(Steward(page, address), ready, click)
                middle, most = statistics.median(times), max(times)
                verdict = "" if middle <= BAR_MS else "   over the bar"
                print(f"{name:<44} median {middle:6.0f} ms   most {most:6.0f} ms{verdict}", flush=True)


def _measure(steward: Steward, ready: Callable[[Steward], None], click: Callable[[int], tuple]) -> list[float]:
    ready(steward)
    times = []
    for number in range(TIMES + 1):
        steward.settled()
        steward.page.wait_for_timeout(400)
        (css, text), sign, gone = click(number)
        steward.page.evaluate(WATCH, [sign, gone])
        steward.page.locator(css).filter(has_text=text).filter(visible=True).first.click()
        times.append(float(steward.page.evaluate("window.answered")))
    return times[1:]


def _cases(dataset: str, run: str) -> list[Case]:
    def inbox(steward: Steward) -> None:
        steward.open(f"/approvals?run={run}")
        steward.sees("rules to decide")
        steward.sees("amount")

    def datasets(steward: Steward) -> None:
        steward.open(f"/datasets?dataset={dataset}")
        steward.sees("Pick a row")

    def runs(steward: Steward) -> None:
        steward.open(f"/runs?run={run}")
        steward.sees("rules to decide")

    def in_turn(*names: str, signs: tuple[Sign, ...]) -> Callable[[int], tuple[Sign, Sign, bool]]:
        return lambda number: ((TAB, names[number % len(names)]), signs[number % len(names)], False)

    def approve(number: int) -> tuple[Sign, Sign, bool]:
        card = f'[class*="st-key-card-{run}-{number + 1} "], [class$="st-key-card-{run}-{number + 1}"]'
        return (f'[class*="st-key-approve-{run}-{number + 1} "] button', ""), (card, ""), True

    def turn(number: int) -> tuple[Sign, Sign, bool]:
        forward = number % 2 == 0
        first = 21 if forward else 11
        return (BUTTON, "Next" if forward else "Previous"), (TEXT, f"{first}. "), False

    def page(number: int) -> tuple[Sign, Sign, bool]:
        to, sign = (("Runs", "Run "), ("Datasets", "Datasets"), ("Chat", "What shall we look at?"))[number % 3]
        return ('[data-testid="stSidebarNavLink"]', to), ('[data-testid="stHeading"]', sign), False

    tabs = in_turn(
        "Rules",
        "Latest result",
        "Score history",
        "Profile",
        signs=(
            (TEXT, "Pick a rule to read it whole"),
            (TEXT, "passed on"),
            ('[data-testid="stVegaLiteChart"]', ""),
            (TEXT, "Columns with NULL"),
        ),
    )
    logs = in_turn(
        "Spending",
        "Audit log",
        "Events",
        signs=((TEXT, "No budget is set"), (TEXT, "Each entry is signed"), (TEXT, "by the clock")),
    )
    return [
        ("approve a rule of 1,000 that wait", inbox, approve),
        ("the next page of cards, and back", inbox, turn),
        ("a view of a dataset with 1,000 rules", datasets, tabs),
        ("spending, audit log, events of a run", runs, logs),
        ("another page by the navigation", datasets, page),
    ]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
