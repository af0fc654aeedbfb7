"""Options that say which of the undecided rules are meant, for `assay pending` and `assay decide`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from graph.runs import Filter

Words = list[str]
PANEL = "Which rules"
Table = Annotated[
    Words | None,
    typer.Option("--table", metavar="NAME", help="Of this table. Repeatable.", rich_help_panel=PANEL),
]
Column = Annotated[
    Words | None,
    typer.Option("--column", metavar="NAME", help="About this column. Repeatable.", rich_help_panel=PANEL),
]
RuleType = Annotated[
    Words | None,
    typer.Option("--type", metavar="TYPE", help="Of this type, as IsComplete. Repeatable.", rich_help_panel=PANEL),
]
Dimension = Annotated[
    Words | None,
    typer.Option(
        "--dimension", metavar="NAME", help="Of this dimension, as validity. Repeatable.", rich_help_panel=PANEL
    ),
]
Confidence = Annotated[
    float,
    typer.Option("--confidence", metavar="SHARE", min=0, max=1, help="At least so sure.", rich_help_panel=PANEL),
]
Passing = Annotated[bool, typer.Option("--passing", help="That hold on today's data.", rich_help_panel=PANEL)]


def chosen(
    table: Words | None,
    column: Words | None,
    rule_type: Words | None,
    dimension: Words | None,
    confidence: float,
    passing: bool,
) -> Filter:
    """What the options mean."""
    from graph.runs import Filter

    return Filter(
        tuple(table or ()), tuple(column or ()), tuple(rule_type or ()), tuple(dimension or ()), confidence, passing
    )
