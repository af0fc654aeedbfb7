"""The report of a validation as one HTML file that needs nothing else: no script, no address to load from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

from ui.report import text, verdict

if TYPE_CHECKING:
    from graph.runs import TableReport

MOST_EXAMPLES = 3


@dataclass(frozen=True)
class Origin:
    """Where a report comes from."""

    run: str
    """The run's id, or empty."""
    by: str
    """Who asked for it."""
    at: datetime


def page(tables: Sequence[TableReport], origin: Origin, problems: Sequence[str] = ()) -> str:
    """The whole file. ``problems`` say which tables could not be checked."""
    here = files("ui.report")
    return Template(here.joinpath("page.html").read_text(encoding="utf-8")).substitute(
        style=here.joinpath("page.css").read_text(encoding="utf-8"),
        title=_say("Data quality: " + ", ".join(_short(table.name) for table in tables)),
        origin=_origin(origin),
        problems="".join(f'<p class="problem">{_say(problem)}</p>' for problem in problems),
        tables="\n".join(_table(table) for table in tables),
    )


def _say(content: object) -> str:
    return escape(text.clean(str(content)))


def _short(name: str) -> str:
    return name.rstrip("/").rsplit("/", 1)[-1]


def _origin(origin: Origin) -> str:
    run = f"Run <code>{_say(origin.run)}</code>, " if origin.run else ""
    moment = f'<time datetime="{origin.at.isoformat()}">{origin.at:%d %B %Y, %H:%M %Z}</time>'
    return f"{run}asked for by {_say(origin.by)}, {moment}"


def _table(report: TableReport) -> str:
    rules = "\n".join(_rule(rule) for rule in verdict.sorted_rules(report.evaluation))
    return f"""<section>
<header>{_ring(report.total)}<div><h2>{_say(_short(report.name))}</h2>
<p class="quiet">{_say(report.name)}</p><p>{_say(verdict.headline(report.evaluation))}</p></div></header>
{_dimensions(report.dimensions)}
<div class="rules">{rules}</div>
</section>"""


def _ring(total: float | None) -> str:
    """The total as a ring around the points."""
    if total is None:
        return '<div class="ring none" role="img" aria-label="no score">–</div>'
    shown, level = text.score(total), _level(total)
    circle = 'cx="18" cy="18" r="15.9"'
    return (
        f'<div class="ring {level}" role="img" aria-label="score {shown} of 100">'
        '<svg viewBox="0 0 36 36" aria-hidden="true">'
        f'<circle {circle}/><circle class="value" {circle} pathLength="100" stroke-dasharray="{total * 100:.2f} 100"/>'
        "</svg>"
        f"<b>{shown}</b></div>"
    )


def _dimensions(dimensions: dict[str, float]) -> str:
    rows = "".join(
        f'<div class="dimension"><span>{_say(name)}</span><span class="track"><i class="{_level(share)}" '
        f'style="width:{share * 100:.2f}%"></i></span><b>{text.score(share)}</b></div>'
        for name, share in verdict.by_dimension(dimensions)
    )
    return f'<div class="dimensions">{rows}</div>' if rows else ""


def _level(share: float) -> str:
    return "good" if share >= 0.99 else "fair" if share >= 0.9 else "poor"


def _rule(rule: verdict.RuleDict) -> str:
    outcome = "Vacuous" if rule["vacuous"] and rule["outcome"] == "Passed" else rule["outcome"]
    label = {"Error": "Not evaluated", "Vacuous": "Nothing to check"}.get(outcome, outcome)
    failed = verdict.failed(rule)
    open_now = " open" if rule["outcome"] != "Passed" else ""
    measured = f'<p class="quiet">{escape(verdict.metrics(rule))}</p>' if rule["metrics"] else ""
    radius = verdict.radius(rule)
    depends = f'<p class="depends">{_say(radius)}</p>' if radius else ""
    return f"""<details class="{outcome.lower()}"{open_now}>
<summary><span class="badge">{label}</span><code>{_say(rule["rule"])}</code>
<span class="failed">{failed}</span></summary>
<p>{_say(rule["reason"])} <span class="tag">{_say(rule["dimension"])}</span></p>{depends}{measured}{_examples(rule)}
</details>"""


def _examples(rule: verdict.RuleDict) -> str:
    rows: list[dict[str, Any]] = rule["examples"][:MOST_EXAMPLES]
    if not rows:
        return ""
    names = verdict.example_columns(rows, rule["columns"])
    own = {column.lower() for column in rule["columns"]}
    marks = {name: ' class="own"' if name.lower() in own else "" for name in names}
    head = "".join(f"<th scope='col'{marks[name]}>{_say(name)}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td{marks[name]}>{escape(text.value(row[name]))}</td>" for name in names) + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
