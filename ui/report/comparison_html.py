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
.legend i { display: inline-block; width: 11px; height: 11px; margin: 0 5px 0 14px; border-radius: 2px; }
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
    return f"""<section><h2 class="{LEVELS[found["degree"]]}">{_say(comparison.headline(found))}</h2>
<p class="quiet legend"><i style="background:var(--quiet)"></i>before: {_say(found["left"])}
<i style="background:#2b877e"></i>now: {_say(found["right"])}</p>
<p>{_say(comparison.volume(found))}</p>{lines}</section>"""


def _column(column: Found, found: Found) -> str:
    opened = " open" if column["degree"] != "none" else ""
    word = comparison.WORDS[column["degree"]]
    facts = ", ".join(filter(None, [comparison.measured(column), comparison.ranges(column)]))
    return f"""<details{opened}><summary><span class="badge {LEVELS[column["degree"]]}">{word}</span>
<code>{_say(column["name"])}</code><span class="tag">missing {_say(comparison.missing(column, found))}</span></summary>
<p>{_say(comparison.said(column))}</p><p class="quiet">{_say(facts)}</p>{_bars(column)}</details>"""


def _bars(column: Found) -> str:
    """Two bars for each bin: the share of the rows before and now."""
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
    size = f'viewBox="0 0 {LABEL_WIDTH + BAR_WIDTH + 140} {max(1, len(bins)) * ROW_HEIGHT}"'
    return (
        f'<svg class="bars" {size} role="img" aria-label="shares before and now">{"".join(rows)}</svg>' if bins else ""
    )
