"""What could be asked now, one click away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from ui.web import session
from ui.web.safe_text import inline

if TYPE_CHECKING:
    from memory.model import Dataset

EXAMPLE = Path(__file__).parents[2] / "examples" / "orders.csv"
_MOST_DATASETS = 3
_RECOMMEND = "Profile it and recommend rules"
Suggestion = tuple[str, str, list[str]]
"""Label, goal and sources."""


def first_steps() -> None:
    """What a new conversation could begin with."""
    for number, suggestion in enumerate(_beginnings()):
        _button(f"suggestion-{number}", suggestion)


def next_steps(run_id: str) -> None:
    """What could follow a run that is done."""
    memory = session.desk().memory
    run = memory.runs.get(run_id)
    if run.status != "done" or not run.sources:
        return
    active, validated = memory.rules.counts(), {result.dataset_id for result in memory.results.for_run(run.id)}
    found = []
    for dataset in [one for one in memory.catalog.datasets() if one.uri in run.sources][:_MOST_DATASETS]:
        name = inline(dataset.short_name, 60)
        if dataset.id in validated:
            found.append((f"Validate {name} again", "Validate it and say what fails", [dataset.uri]))
        elif active.get(dataset.id):
            found.append((f"Validate {name}", "Validate it and say what fails", [dataset.uri]))
        else:
            found.append((f"Recommend rules for {name}", _RECOMMEND, [dataset.uri]))
    with st.container(horizontal=True):
        for number, suggestion in enumerate(found):
            _button(f"next-{run.id}-{number}", suggestion)


def _beginnings() -> list[Suggestion]:
    memory = session.desk().memory
    found: list[Suggestion] = []
    if EXAMPLE.exists():
        goal = "Profile the orders, recommend rules for me to approve, then validate"
        found.append(("Try it on the example orders: profile, recommend rules, validate", goal, [str(EXAMPLE)]))
    known, active = memory.catalog.datasets(), memory.rules.counts()
    newest = sorted(known, key=lambda dataset: dataset.updated_at, reverse=True)
    found += [_about(one, bool(active.get(one.id))) for one in newest if one.uri != str(EXAMPLE)][:_MOST_DATASETS]
    if known:
        found.append(("Which datasets are there?", "Which datasets are there?", []))
    return found


def _about(dataset: Dataset, has_rules: bool) -> Suggestion:
    name = inline(dataset.short_name, 60)
    if has_rules:
        return f"Validate {name} against its active rules", "Validate it and say what fails", [dataset.uri]
    return f"Recommend rules for {name}", _RECOMMEND, [dataset.uri]


def _button(key: str, suggestion: Suggestion) -> None:
    label, goal, sources = suggestion
    st.button(label, key=key, icon=":material/arrow_forward:", on_click=session.ask, args=(goal, sources))
