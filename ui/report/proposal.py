"""Proposals in the terminal: a card to decide on one, a table to see them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from ui.report import terminal, text, verdict
from ui.report.grounds import grounds
from ui.report.moments import ago
from ui.report.remembered import references

if TYPE_CHECKING:
    from graph.runs import EditPreview, Related
    from memory.model import Proposal, Skipped

SOURCES = {"statistics": "from statistics", "memory": "from past decisions", "model": "from the language model"}
MOST_FACTS = 8
RELATIONS = {"same": "yellow", "implied": "yellow", "stricter": "cyan", "contradicts": "bold red"}
PIECES = {"same": "", "removed": "red strike", "added": "green"}


def card(proposal: Proposal, dataset: str, position: str, related: Sequence[Related] = ()) -> RenderableType:
    """All that a person needs to decide: the rule, the reason, the evidence, how it fares today, what memory says."""
    head = Text.assemble((f"Rule {proposal.number}", "bold"), f"  {text.clean(dataset)}  {position}")
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", width=8)
    grid.add_column(overflow="fold")
    facts = dict(proposal.evidence)
    memory, recalled = facts.pop("memory", None), facts.pop("recalled", None)
    stands, at_stake = grounds(facts.pop("references", [])), verdict.radius(facts)
    facts.pop("blast_radius", None)
    grid.add_row("rule", Text(text.clean(proposal.rule), style="bold"))
    grid.add_row("why", Text(text.clean(proposal.reasoning)))
    grid.add_row("evidence", Text(evidence(facts) or "none given", style="dim"))
    if stands:
        grid.add_row("found in", Text(stands, style="dim"))
    grid.add_row("sure", Text(f"{text.percent(proposal.confidence)}, {SOURCES.get(proposal.source, proposal.source)}"))
    grid.add_row("today", dry_run(proposal.dry_run))
    if at_stake:
        grid.add_row("at stake", Text(at_stake, style="magenta"))
    if memory:
        grid.add_row("memory", Text(text.clean(str(memory)), style="cyan"))
    if recalled:
        grid.add_row("alike", Text(references(recalled), style="dim"))
    if related:
        grid.add_row("beside", beside(related))
    if proposal.skipped:
        grid.add_row("skipped", Text(skipped(proposal.skipped), style="dim"))
    return Group(Rule(head, align="left", style="dim"), Padding(grid, (0, 0, 0, 1)))


def evidence(facts: Mapping[str, Any]) -> str:
    """The facts behind a rule in one line."""
    shown = [f"{text.clean(name)} {_fact(value)}" for name, value in list(facts.items())[:MOST_FACTS]]
    more = len(facts) - len(shown)
    return " · ".join(shown) + (f" · {more} more" if more > 0 else "")


def _fact(value: Any) -> str:
    return ", ".join(text.value(one) for one in value[:6]) if isinstance(value, list) else text.value(value)


def dry_run(result: Mapping[str, Any]) -> RenderableType:
    """What the rule says about the present data, with a failing row."""
    mark, style = terminal.MARKS[result["outcome"]]
    verdict = Text.assemble((f"{mark} ", style), text.clean(result["reason"]))
    if not result["examples"]:
        return verdict
    return Group(verdict, terminal.examples(result["examples"], result["columns"], most=2))


def beside(related: Sequence[Related]) -> Text:
    """What active rules say about the same, a line for each."""
    lines = [Text(text.clean(one.says), style=RELATIONS[one.relation]) for one in related]
    return Text("\n").join(lines)


def skipped(put_off: Skipped) -> str:
    """Who put a proposal off, when and why."""
    why = f": {text.clean(put_off.reason)}" if put_off.reason else ""
    return f"by {text.clean(put_off.actor)}, {ago(put_off.skipped_at)}{why}"


def changes(preview: EditPreview) -> Text:
    """The rule as edited, with what goes struck out in red and what comes in green; marked where colours may lack."""
    marks = {"same": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}
    parts = [(f"{marks[kind][0]}{text.clean(part)}{marks[kind][1]}", PIECES[kind]) for kind, part in preview.diff]
    return Text.assemble(*parts)


def overview(proposals: Sequence[Proposal], related: Mapping[int, Sequence[Related]] | None = None) -> Table:
    """Numbered proposals: the rule, how it fares today, what was decided, or why it is proposed.

    ``related`` has by number what active rules say about the same.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), expand=True)
    table.add_column("#", justify="right", no_wrap=True, style="dim")
    table.add_column("rule", overflow="fold", ratio=5)
    table.add_column("today", no_wrap=True)
    table.add_column("decision, or why", overflow="fold", ratio=5)
    for proposal in proposals:
        table.add_row(
            str(proposal.number),
            Text(text.clean(proposal.rule)),
            today(proposal.dry_run),
            _decision(proposal, (related or {}).get(proposal.number, ())),
        )
    return table


def today(result: Mapping[str, Any]) -> Text:
    """``passes``, or how many rows fail."""
    mark, style = terminal.MARKS[result["outcome"]]
    failed = result["failed_rows"]
    words = "passes" if result["outcome"] == "Passed" else text.count(failed, "row") if failed else "fails"
    return Text(f"{mark} {words}", style=style)


def _decision(proposal: Proposal, related: Sequence[Related]) -> Text:
    decision = proposal.decision
    if decision is None:
        lines = [Text(text.clean(proposal.reasoning), style="dim"), *([beside(related)] if related else [])]
        if proposal.skipped:
            lines.append(Text(f"skipped {skipped(proposal.skipped)}", style="dim"))
        return Text("\n").join(lines)
    style = {"approve": "green", "edit": "cyan", "reject": "red"}.get(decision.action, "")
    verb = {"approve": "approved", "edit": "edited", "reject": "rejected"}.get(decision.action, decision.action)
    said = Text.assemble((verb, style), f" by {text.clean(decision.actor)}")
    if decision.action == "edit":
        said.append(f": {text.clean(decision.rule or '')}")
    if decision.reason:
        said.append(f": {text.clean(decision.reason)}")
    return said
