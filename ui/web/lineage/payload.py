"""A picture as plain values for the browser, which draws it and follows ways in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from memory.lineage.answers import Step
from tools.lineage.observed import ColumnId
from ui.report.text import clean, count
from ui.web.lineage.asking import Answer
from ui.web.lineage.drawing import Drawing, has_foot
from ui.web.lineage.picture import Card, Drawn, Picture, View
from ui.web.lineage.points import ends
from ui.web.lineage.words import kind, place, short

MOST_NAMED = 3
"""Steps that the title of an edge names."""


def payload(answer: Answer, picture: Picture, drawing: Drawing, view: View) -> dict[str, Any]:
    """Cards with their places and rows, edges with their lines, and the pairs of points that ways are made of."""
    places = {pair: number for number, pair in enumerate(answer.points.pairs)}
    return {
        "cards": [
            _card(answer, card, view) | {"x": box.x, "y": box.y, "height": box.height}
            for card, box in zip(picture.cards, drawing.boxes, strict=True)
        ],
        "edges": [
            _edge(answer, number, edge, steps, places) | {"d": drawing.paths[edge]}
            for number, (edge, steps) in enumerate(picture.edges.items())
        ],
        "pairs": answer.points.pairs,
        "width": drawing.width,
        "height": drawing.height,
    }


def _card(answer: Answer, card: Card, view: View) -> dict[str, Any]:
    start = answer.lineage.start
    title = f"{count(len(card.tables), 'more table')}" if card.further else short(card.key)
    tables, failing = card.tables or {card.key}, answer.failing.items()
    columns = [column for column in answer.lineage.columns if column.dataset in tables]
    return {
        "key": list(card.key),
        "title": clean(title),
        "sub": "for which there is no room" if card.further else clean(place(card.key)),
        "full": "" if card.further else clean(f"{card.key.namespace} {card.key.name}"),
        "start": card.key == start.dataset,
        "further": card.further,
        "collapsed": card.collapsed,
        "points": [point for column in columns for point in answer.points.of(column)],
        "involved": count(card.involved, "table" if card.further else "column"),
        "personal": sum(bool(answer.personal(column)) for column in columns),
        "failing": len({rule["rule"] for one, found in failing if one.dataset in tables for rule in found}),
        "rows": [_row(answer, card, column) for column in card.rows],
        "foot": _foot(card, view) if has_foot(card) else None,
    }  # fmt: skip


def _row(answer: Answer, card: Card, column: ColumnId) -> dict[str, Any]:
    if card.further:
        mine = [one for one in answer.lineage.columns if one.dataset == column.dataset]
        points = [point for one in mine for point in answer.points.of(one)]
        name, start = short(column.dataset), False
        tagged = any(answer.personal(one) for one in mine)
        failing = sum(len(answer.failing.get(one, ())) for one in mine)
    else:
        points, name, start = answer.points.of(column), column.column, column == answer.lineage.start
        tagged, failing = bool(answer.personal(column)), len(answer.failing.get(column, ()))
    return {
        "key": [*column.dataset, column.column],
        "name": clean(name),
        "type": clean(answer.marks.types.get(column, "")),
        "points": points,
        "start": start,
        "personal": tagged,
        "failing": failing,
        "beyond": column in answer.beyond and ("up" if answer.lineage.columns[column] < 0 else "down"),
    }


def _foot(card: Card, view: View) -> dict[str, Any]:
    last = card.first + len(card.rows)
    shown = f"{card.first + 1:,}–{last:,} of {card.total:,}" if card.rows else "none fits"
    return {
        "text": shown,
        "filter": view.filters.get(card.key, ""),
        "page": view.pages.get(card.key, 0),
        "before": card.first > 0,
        "after": last < card.total,
        "out": card.key in view.drawn_out,
    }


def _edge(
    answer: Answer, number: int, edge: Drawn, steps: Sequence[Step], places: dict[tuple[int, int], int]
) -> dict[str, Any]:
    numbers = [tuple(answer.points.number[point] for point in ends(step)) for step in steps]
    flows = [step for step in steps if edge.direct and not step.masking]
    return {
        "id": number,
        "source": [edge.source, edge.source_row],
        "target": [edge.target, edge.target_row],
        "direct": edge.direct,
        "masked": all(step.masking for step in steps),
        "personal": any(answer.personal(s.source) and answer.personal(s.target) for s in flows),
        "mark": edge.mark,
        "steps": sorted({places[a, b] for a, b in numbers}),
        "title": _title(steps),
    }


def _title(steps: Sequence[Step]) -> str:
    named = [
        f"{short(s.source.dataset)}.{s.source.column} → {short(s.target.dataset)}.{s.target.column}: {kind(s)}"
        for s in steps[:MOST_NAMED]
    ]
    more = [f"and {len(steps) - MOST_NAMED:,} more"] if len(steps) > MOST_NAMED else []
    return "\n".join(clean(line) for line in [*named, *more])
