"""The main job on the example data, without a question: what `make demo` shows.

It calls the same commands that you would type, one after the other, each in a process of its own.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ASSAY = Path(sys.executable).with_name("assay")
ORDERS = os.path.relpath(HERE / "orders.csv")
REPORT = Path(os.path.relpath(HERE.parent / "build")) / "orders-report.html"
WHO = "make demo"
RULE_FAILED = 1


def say(text: str) -> None:
    """A heading on a line of its own."""
    bold = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    print(f"\n\033[1m{text}\033[0m" if bold else f"\n{text}", flush=True)


def assay(*arguments: str, expect: tuple[int, ...] = (0,)) -> int:
    """Runs a command and shows it; ends the demo with its exit code when that is not an expected one."""
    print(f"$ assay {shlex.join(arguments)}", flush=True)
    code = subprocess.run([ASSAY, *arguments], check=False).returncode
    if code not in expect:
        sys.exit(code)
    return code


def waiting_run() -> str | None:
    """The run that was just started, if it waits for a decision."""
    told = subprocess.run([ASSAY, "runs", "show", "latest", "--json"], check=True, capture_output=True, text=True)
    run = json.loads(told.stdout)
    return str(run["run"]) if run["status"] == "waiting" else None


def main() -> None:
    """Profiles, recommends, decides, validates; then says where to go next."""
    say("1. Profile the orders of the example shop, recommend rules, and stop where a person has to decide")
    first = assay("run", ORDERS, "--pause", "--as", WHO, expect=(0, RULE_FAILED))
    run = waiting_run()
    if run:
        say("2. What waits for a decision")
        assay("pending")
        REPORT.parent.mkdir(exist_ok=True)
        say("3. Decide: this script approves everything. In real life a person reads the rules first")
        first = assay("decide", run, "--approve-all", "--as", WHO, "--html", str(REPORT), expect=(0, RULE_FAILED))
    else:
        say("2. Nothing new to decide: the rules are active since the last time, so it validated at once")
    if first == RULE_FAILED:
        say("Rules failed, as they should: the data has planted defects (examples/README.md lists them)")
    where_next()


def where_next() -> None:
    """What to try after the demo."""
    assay_here = os.path.relpath(ASSAY)
    say("Where to go next")
    for command, meaning in (
        (f"{assay_here} run examples/customers.csv", "the same, and you decide, by keyboard"),
        (f"{assay_here} validate {ORDERS}", "what CI calls: exit code 0, 1 or 2"),
        (f"{assay_here} rules list", "the active rules, and who approved them"),
        (f"{assay_here} ui", "the assistant in the browser"),
    ):
        print(f"  {command:<44}  {meaning}")
    if REPORT.exists():
        print(f"\n  The report as a page: {REPORT}")


if __name__ == "__main__":
    main()
