"""What is watched, and what arrived, in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from ui.report.text import clean

if TYPE_CHECKING:
    from graph.watching import Watched
    from memory.arrivals import Arrival
    from memory.watches import Watch

STYLES = {
    **dict.fromkeys(("trusted", "passed"), "green"),
    **dict.fromkeys(("failed", "quarantined", "dead"), "red"),
    **dict.fromkeys(("waiting", "working"), "yellow"),
}


def watches(found: Sequence[Watched]) -> Table:
    """A row for each watch; below its place what is done with what lands, and what is wrong."""
    table = _table()
    table.add_column("watch", justify="right", no_wrap=True)
    table.add_column("place", overflow="fold", ratio=5)
    table.add_column("looks", no_wrap=True)
    table.add_column("arrived", overflow="fold", ratio=2)
    for one in found:
        place = Text(clean(_named(one.watch)))
        for line in _deeds(one.watch):
            place.append(f"\n{clean(line)}", style="dim")
        if one.watch.trouble:
            place.append(f"\n{clean(one.watch.trouble)}", style="red")
        counted = ", ".join(f"{number:,} {state}" for state, number in sorted(one.arrivals.items()))
        table.add_row(str(one.watch.id), place, _rhythm(one.watch), counted or "nothing")
    return table


def arrivals(found: Sequence[Arrival]) -> Table:
    """A row for each arrival, with the reason below it."""
    table = _table()
    table.add_column("arrival", justify="right", no_wrap=True)
    table.add_column("watch", justify="right", no_wrap=True)
    table.add_column("came (UTC)", no_wrap=True)
    table.add_column("what", overflow="fold", ratio=5)
    table.add_column("verdict", no_wrap=True)
    table.add_column("run", no_wrap=True)
    for one in found:
        what = Text(clean(one.source or one.location))
        if one.reason:
            what.append(f"\n{clean(one.reason)}", style="dim")
        state = one.verdict or one.state
        verdict = Text(state, style=STYLES.get(state, ""))
        if one.state == "waiting" and one.tries:
            verdict.append(f" ({one.tries} tries)")
        moment = f"{one.taken_in_at:%Y-%m-%d %H:%M:%S}"
        table.add_row(str(one.id), str(one.watch_id or "–"), moment, what, verdict, one.run_id or "")
    return table


def _named(watch: Watch) -> str:
    branch = f", branch {watch.branch}" if watch.branch else ""
    endings = f" ({', '.join(watch.suffixes)})" if watch.suffixes else ""
    return f"{watch.source}{branch}{endings}"


def _deeds(watch: Watch) -> list[str]:
    told = [f"rules of {watch.rules_of}"] if watch.rules_of != watch.source else []
    if watch.trusted:
        told.append(f"to {watch.trusted}, or {watch.quarantine}")
    if watch.recommend:
        told.append("has rules proposed where there are none")
    return told


def _rhythm(watch: Watch) -> str:
    if watch.paused:
        return "paused"
    return "by events" if watch.every_seconds is None else f"every {watch.every_seconds:g} s"


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), expand=True)
