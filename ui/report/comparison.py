"""A comparison of two tables in the terminal, and the words that the page shares with it."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ui.report import text

Found = dict[str, Any]
"""A :class:`tools.comparing.model.Comparison`, or a part of it, as plain values."""
STYLES = {"none": "dim", "small": "yellow", "large": "red"}
DEGREES = ("none", "small", "large")
NOT_COMPARED, NOT_SIGNIFICANT = "not compared", "not significant"
LEGEND = (
    "Drift is small from PSI 0.1, KS 0.126 or JS (Jensen-Shannon) 0.134 on, large from 0.25, 0.197 or 0.212 on.",
    "p: how likely chance alone makes such a difference. Only below 0.01 does it count; else it is not significant.",
)
SHORT = {"Jensen-Shannon": "JS"}
MEANINGS = {
    "PSI": "PSI, how far the shares of the bins moved",
    "KS": "KS, the largest gap between the cumulative shares",
    "Jensen-Shannon": "Jensen-Shannon, the distance of the shares, 0 to 1",
    "chi-square": "Chi-square, a test that the shares are equal",
}


def overview(found: Found) -> RenderableType:
    """The verdict, what changed about rows and columns, and a row for each column, the worst first."""
    title = Text.assemble((text.clean(found["left_name"]), "bold"), " → ", (text.clean(found["right_name"]), "bold"))
    parts: list[RenderableType] = [title, Text(headline(found), style=STYLES[found["degree"]])]
    parts += [Text(line, style=STYLES[found["schema"]["degree"]]) for line in schema(found)]
    parts += [Text(), _columns(found), *_sentences(found)]
    return Group(*parts, Text(), *(Text(line, style="dim") for line in LEGEND))


def headline(found: Found) -> str:
    """``485 → 1,000 rows (+106.2 %). 4 of 11 columns changed, 3 of them much.``"""
    degrees = [column["degree"] for column in found["columns"]]
    changed, large = len(degrees) - degrees.count("none"), degrees.count("large")
    told = "No column changed" if not changed else f"{changed} of {text.count(len(degrees), 'column')} changed"
    if changed:
        told += ", all of them much" if large == changed > 1 else f", {large} of them much" if large else ", none much"
    if found["schema"]["degree"] != "none":
        told += "; the schema changed"
    return f"{volume(found)}. {told}."


def volume(found: Found) -> str:
    """``485 → 1,000 rows (+106.2 %)``."""
    before, after = found["left_rows"], found["right_rows"]
    if before == after:
        return f"{text.count(before, 'row')} in both"
    growth = f" ({100 * (after / before - 1):+,.1f} %)" if before else ""
    return f"{before:,} → {text.count(after, 'row')}{growth}"


def schema(found: Found) -> list[str]:
    """What changed about the columns, a line for each kind of change."""
    changes = found["schema"]
    retyped = [f"{one['name']} ({one['left']} → {one['right']})" for one in changes["retyped"]]
    kinds = (
        (f"Only in {found['right_name']}", changes["added"]),
        (f"Only in {found['left_name']}", changes["removed"]),
        ("Another type", retyped),
    )
    lines = [text.clean(f"{kind}: {', '.join(names)}") for kind, names in kinds if names]
    return lines + (["The columns come in another order."] if changes["reordered"] else [])


def worst_first(columns: list[Found]) -> list[Found]:
    """The columns by their degree; of those without a change, the compared ones first."""
    return sorted(columns, key=lambda column: (-DEGREES.index(column["degree"]), change(column) == NOT_COMPARED))


def change(column: Found) -> str:
    """How much changed, in a word or two."""
    if column["degree"] != "none":
        return str(column["degree"])
    if column["not_compared"]:
        return NOT_COMPARED
    return NOT_SIGNIFICANT if any(_by_chance(measure) for measure in column["measures"]) else "none"


def _by_chance(measure: Found) -> bool:
    """Whether a difference would count if chance did not explain it."""
    return measure["small"] is not None and measure["value"] >= measure["small"] and not measure["significant"]


def measured(column: Found) -> str:
    """``PSI 0.31, KS 0.12``; chi-square grows with the rows and is left out."""
    sized = [one for one in column["measures"] if one["small"] is not None]
    return ", ".join(f"{SHORT.get(one['name'], one['name'])} {one['value']:.3f}" for one in sized)


def chance(column: Found) -> str:
    """The p-value of the measure that says most; '' where nothing was measured."""
    sized = [one for one in column["measures"] if one["small"] is not None]
    if not sized:
        return ""
    return probability(max(sized, key=lambda one: (DEGREES.index(one["degree"]), one["value"] / one["small"]))["p"])


def probability(p: float) -> str:
    """``< 0.0001``, ``0.004``, ``0.31``."""
    return "< 0.0001" if p < 1e-4 else f"{p:.2f}" if p >= 0.01 else f"{p:.1g}"


def meaning(measure: Found) -> str:
    """What a measure says, in a sentence."""
    p = probability(measure["p"])
    told = f"p {p}" if p.startswith("<") else f"p = {p}"
    if measure["small"] is None:
        return f"The shares differ ({told})." if measure["significant"] else f"Chance explains the difference ({told})."
    if measure["value"] < measure["small"]:
        return f"No drift: below {measure['small']:g} ({told})."
    size = "large" if measure["value"] >= measure["large"] else "small"
    bound = f"{measure[size]:g} or more"
    if measure["significant"]:
        return f"A {size} drift ({bound}); chance does not explain it ({told})."
    return f"Not significant: {bound} would be a {size} drift, but chance explains it ({told})."


def missing(column: Found, found: Found) -> str:
    """The share of NULL on both sides, where there are any."""
    sides = [
        column[side]["nulls"] / found[f"{side}_rows"] if found[f"{side}_rows"] else 0.0 for side in ("left", "right")
    ]
    return f"{text.percent(sides[0])} → {text.percent(sides[1])}" if any(sides) else "–"


def distinct(side: Found) -> str:
    """The number of different values, with a mark where it is an estimate."""
    return f"{'' if side['distinct_exact'] else '~'}{side['distinct']:,}"


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
    why = f"Not compared. {column['not_compared']}" if column["not_compared"] else ""
    return " ".join(part for part in (column["says"], why) if part)


def _columns(found: Found) -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("column", overflow="fold", max_width=24)
    table.add_column("change", no_wrap=True)
    table.add_column("NULL", overflow="fold", min_width=6)
    table.add_column("drift", overflow="fold")
    table.add_column("p", justify="right", no_wrap=True)
    for column in worst_first(found["columns"]):
        table.add_row(
            Text(text.clean(column["name"]), style="bold"),
            Text(change(column), style=STYLES[column["degree"]]),
            Text(missing(column, found), style=STYLES[column["nulls"]]),
            Text(measured(column)),
            Text(chance(column)),
        )
    return table


def _sentences(found: Found) -> list[RenderableType]:
    """Below the table, where they have the whole width."""
    told = [(column, said(column)) for column in worst_first(found["columns"])]
    return [
        Padding(Text.assemble((text.clean(column["name"]), "bold"), f": {text.clean(line)}"), (0, 0, 0, 2))
        for column, line in told
        if line
    ]
