"""A comparison as one HTML file that needs nothing else: no script, no address to load from."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from string import Template

from ui.report import comparison, text
from ui.report.comparison import Found

LEVELS = {"none": "good", "small": "fair", "large": "poor"}
ROW_HEIGHT, LABEL_WIDTH, BAR_WIDTH = 26, 190, 430
STYLE = """
.bars text { fill: var(--text); font-size: 12.5px; } .bars .quiet { fill: var(--quiet); }
.bars .left { fill: var(--quiet); opacity: .55; } .bars .right { fill: #2b877e; }
.legend i { display: inline-block; width: 11px; height: 11px; margin: 0 8px 0 0; border-radius: 2px; }
.legend .left { background: var(--quiet); opacity: .55; } .legend .right { background: #2b877e; }
.badge.fair { color: var(--fair); } .badge.poor { color: var(--poor); } .badge.neutral { color: var(--quiet); }
"""


def page(found: Found, origin: str) -> str:
    """The whole file."""
    here = files("ui.report")
    style = here.joinpath("page.css").read_text(encoding="utf-8") + STYLE
    return Template(here.joinpath("page.html").read_text(encoding="utf-8")).substitute(
        style=style,
        title="What changed",
        origin=_say(origin),
        problems="",
        tables=_head(found) + "\n".join(_column(one, found) for one in comparison.worst_first(found["columns"])),
    )


def _say(content: object) -> str:
    return escape(text.clean(str(content)))


def _head(found: Found) -> str:
    lines = "".join(f"<p>{_say(line)}</p>" for line in comparison.schema(found))
    told = "<br>".join(_say(line) for line in comparison.LEGEND)
    sources = "<br>".join(f'<i class="{side}"></i>{_say(_source(found, side))}' for side in ("left", "right"))
    return f"""<section><h2 class="{LEVELS[found["degree"]]}">{_say(comparison.headline(found))}</h2>
<p class="quiet legend">{sources}</p>
{lines}<p class="quiet">{told}</p></section>"""


def _source(found: Found, side: str) -> str:
    """The name in the sentences, and where the table is."""
    name, place = found[f"{side}_name"], found[side]
    return name if name == place else f"{name}: {place}"


def _column(column: Found, found: Found) -> str:
    opened = " open" if column["degree"] != "none" else ""
    ends = comparison.ranges(column)
    facts = [f"{one['name']} {one['value']:.3f}: {comparison.meaning(one)}" for one in column["measures"]]
    told = "".join(f'<p class="quiet">{_say(fact)}</p>' for fact in [*facts, *([f"Range: {ends}"] if ends else [])])
    level = "neutral" if comparison.change(column) == comparison.NOT_COMPARED else LEVELS[column["degree"]]
    return f"""<details{opened}><summary><span class="badge {level}">{comparison.change(column)}</span>
<code>{_say(column["name"])}</code><span class="tag">NULL {_say(comparison.missing(column, found))}</span></summary>
<p>{_say(comparison.said(column))}</p>{told}{_bars(column, found)}</details>"""


def _bars(column: Found, found: Found) -> str:
    """Two bars for each bin: the share of the rows on each side."""
    bins = column["bins"]
    totals = {side: max(1, sum(one[side] for one in bins)) for side in ("left", "right")}
    longest = max((one[side] / totals[side] for one in bins for side in totals), default=0) or 1
    rows = []
    for i, one in enumerate(bins):
        top = i * ROW_HEIGHT
        rows.append(
            f'<text x="{LABEL_WIDTH - 8}" y="{top + 16}" text-anchor="end">{_say(text.clean(one["label"], 26))}</text>'
        )
        for j, side in enumerate(totals):
            share = one[side] / totals[side]
            width, y = BAR_WIDTH * share / longest, top + 3 + 10 * j
            rows.append(f'<rect class="{side}" x="{LABEL_WIDTH}" y="{y}" width="{width:.1f}" height="9" rx="2"/>')
        shares = " → ".join(text.percent(one[side] / totals[side]) for side in totals)
        rows.append(f'<text class="quiet" x="{LABEL_WIDTH + BAR_WIDTH + 10}" y="{top + 16}">{shares}</text>')
    label = _say(f"shares in {found['left_name']} and {found['right_name']}")
    size = f'viewBox="0 0 {LABEL_WIDTH + BAR_WIDTH + 140} {max(1, len(bins)) * ROW_HEIGHT}"'
    return f'<svg class="bars" {size} role="img" aria-label="{label}">{"".join(rows)}</svg>' if bins else ""
