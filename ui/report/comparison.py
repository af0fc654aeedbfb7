"""A comparison of two tables in the terminal, and the words that the page shares with it."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ui.report import text

Found = dict[str, Any]
"""A :class:`tools.comparing.model.Comparison`, or a part of it, as plain values."""
STYLES = {"none": "dim", "small": "yellow", "large": "red"}
WORDS = {"none": "same", "small": "small", "large": "large"}
DEGREES = ("none", "small", "large")
NOT_COMPARED = "not compared"


def overview(found: Found) -> RenderableType:
    """The verdict, what changed about rows and columns, and a row for each column, the worst first."""
    parts: list[RenderableType] = [Text.assemble((headline(found), STYLES[found["degree"]]), "\n", volume(found))]
    parts += [Text(line, style=STYLES[found["schema"]["degree"]]) for line in schema(found)]
    return Group(*parts, Text(), _columns(found))


def headline(found: Found) -> str:
    """One sentence about everything."""
    changed = [column for column in found["columns"] if column["degree"] != "none"]
    if found["degree"] == "none":
        return "No change that counts."
    large = sum(column["degree"] == "large" for column in changed)
    told = (
        f"{text.count(len(changed), 'column')} changed, {large} of them much"
        if changed
        else "No column's values changed"
    )
    return f"{told}." if found["schema"]["degree"] == "none" else f"{told}; the columns themselves changed."


def volume(found: Found) -> str:
    """``1,000 rows, now 1,200 (+20 %)``."""
    before, after = found["left_rows"], found["right_rows"]
    if not before or before == after:
        return f"{text.count(before, 'row')}, now {after:,}"
    return f"{text.count(before, 'row')}, now {after:,} ({100 * (after / before - 1):+,.1f} %)"


def schema(found: Found) -> list[str]:
    """What changed about the columns, a line for each kind of change."""
    changes = found["schema"]
    retyped = [f"{one['name']} ({one['left']} → {one['right']})" for one in changes["retyped"]]
    kinds = (("Added", changes["added"]), ("Removed", changes["removed"]), ("Another type", retyped))
    lines = [f"{kind}: {text.clean(', '.join(names))}" for kind, names in kinds if names]
    return lines + (["The columns come in another order."] if changes["reordered"] else [])


def worst_first(columns: list[Found]) -> list[Found]:
    """The columns by their degree, and in their order where it is the same."""
    return sorted(columns, key=lambda column: -DEGREES.index(column["degree"]))


def measured(column: Found) -> str:
    """``PSI 0.31, KS 0.12``; chi-square grows with the rows and is left out."""
    told = [f"{one['name']} {one['value']:.3f}" for one in column["measures"] if one["name"] != "chi-square"]
    return ", ".join(told) or (NOT_COMPARED if column["not_compared"] else "")


def missing(column: Found, found: Found) -> str:
    """The share of missing values on both sides, where there are any."""
    sides = [
        column[side]["nulls"] / found[f"{side}_rows"] if found[f"{side}_rows"] else 0.0 for side in ("left", "right")
    ]
    return f"{text.percent(sides[0])} → {text.percent(sides[1])}" if any(sides) else "–"


def ranges(column: Found) -> str:
    """Least and greatest value on both sides; once where they are the same."""
    left, right = (
        f"{text.value(column[side]['min'], 20)} to {text.value(column[side]['max'], 20)}" for side in ("left", "right")
    )
    if column["left"]["min"] is None and column["right"]["min"] is None:
        return ""
    return left if left == right else f"{left} → {right}"


def said(column: Found) -> str:
    """What to know about the column in words."""
    return str(column["says"] or column["not_compared"])


def _columns(found: Found) -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0), expand=True)
    table.add_column("column", overflow="fold", max_width=24)
    table.add_column("change", no_wrap=True)
    table.add_column("measures", overflow="fold", max_width=22)
    table.add_column("missing", no_wrap=True)
    table.add_column("what changed", overflow="fold", ratio=1)
    for column in worst_first(found["columns"]):
        style = STYLES[column["degree"]]
        table.add_row(
            Text(text.clean(column["name"]), style="bold"),
            Text(WORDS[column["degree"]], style=style),
            Text(measured(column)),
            Text(missing(column, found), style=STYLES[column["nulls"]]),
            Text(text.clean(said(column))),
        )
    return table
