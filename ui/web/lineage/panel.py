"""All about the column, table or edge that was clicked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from memory.lineage.answers import Step
from memory.lineage.details import JobDetails
from tools.lineage.model import DATASET
from tools.lineage.observed import ColumnId, JobId
from tools.profiling.model import Profile
from ui.report import column_facts
from ui.report.moments import ago
from ui.report.text import count, percent, score
from ui.web import places, session
from ui.web.lineage import state
from ui.web.lineage.points import MEMBER
from ui.web.lineage.words import kind, named, place
from ui.web.safe_text import inline

if TYPE_CHECKING:
    from uuid import UUID

    from memory.lineage.answers import Impact
    from ui.web.lineage.asking import Answer, Question

MOST_STEPS = 8
"""Ways in and out, and steps of an edge, that are shown."""
MOST_RULES, MOST_NAMED, MOST_RUNS = 5, 4, 3
_FACTS = ("Type", "NULL", "Distinct", "Range", "Values are", "Personal data")


def show(here: state.State, question: Question, answer: Answer) -> None:
    """The panel of what was chosen."""
    chosen = here.chosen
    if isinstance(chosen, ColumnId):
        _column(chosen, question, answer)
    elif chosen:
        _edge(chosen)


def _heading(title: str, caption: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"#### {title}")
        st.space("stretch")
        st.button("", icon=":material/close:", key="panel-close", type="tertiary", help="Close", on_click=_close)
    st.caption(caption)


def _close() -> None:
    state.state().chosen = None


def _column(column: ColumnId, question: Question, answer: Answer) -> None:
    dataset = column.dataset
    title = named(column) if column.column == DATASET else column.column
    above = place(dataset) if column.column == DATASET else named(ColumnId(dataset))
    type_ = answer.marks.types.get(column)
    _heading(inline(title, 80), " · ".join(inline(part, 120) for part in (above, type_, dataset.namespace) if part))
    known = answer.marks.catalog.get(dataset)
    with st.container(horizontal=True, gap="small"):
        if column != question.node:
            st.button(
                "Start here", key="panel-start", icon=":material/my_location:", on_click=state.start_at, args=(column,)
            )
        if known:
            _to_dataset(known)
    _tags(column, answer)
    if known:
        _quality(known, column, answer)
    _impact(column, question)
    _ways(column, answer)


def _to_dataset(known: UUID) -> None:
    if st.button("Dataset", key="panel-dataset", icon=":material/table:"):
        places.go("datasets", dataset=str(known))


def _tags(column: ColumnId, answer: Answer) -> None:
    tags = answer.marks.tags.get(column, ())
    owners = answer.marks.owners.get(column.dataset, ())
    if tags:
        with st.container(horizontal=True, gap="xsmall"):
            for key, value in tags:
                personal = (key, value) in answer.personal(column)
                label = inline(f"{key}: {value}" if value else key, 60)
                st.badge(label, color="violet" if personal else "gray", icon=":material/sell:")
        way = session.desk().memory.lineage.witness(column, *tags[0]).steps
        if way:
            st.caption(f"It came along from {inline(named(way[0].source), 120)}, {count(len(way), 'step')} away.")
    if owners:
        st.caption(f":material/group: {inline(', '.join(owner.name for owner in owners), 200)}")


def _impact(column: ColumnId, question: Question) -> None:
    found: Impact = session.desk().memory.lineage.impact(
        column, indirect=question.indirect, at=question.at, shown=MOST_NAMED
    )  # fmt: skip
    st.markdown("**If it changes**")
    if not found.column_count and not found.table_count:
        st.caption("Nothing is known to be made of it.")
        return
    columns = f"{count(found.column_count, 'column')} of " if found.column_count else ""
    lines = [f"{columns}{count(found.table_count, 'table')}, {count(found.job_count, 'job')}"]
    lines += [inline(_listed([named(ColumnId(one.dataset)) for one in found.tables], found.table_count), 300)]
    if found.owners:
        owners = [owner.name for owner, _ in found.owners[:MOST_NAMED]]
        lines.append(f"Owners: {inline(_listed(owners, len(found.owners)), 200)}")
    for (key, value), number in found.tags[:MOST_NAMED]:
        lines.append(f":violet[{inline(f'{key} {value}'.strip(), 60)} in {count(number, 'column')}]")
    st.markdown("\n".join(f"- {line}" for line in lines))


def _listed(names: Sequence[str], total: int) -> str:
    more = f" and {total - len(names):,} more" if total > len(names) else ""
    return ", ".join(names) + more


def _ways(column: ColumnId, answer: Answer) -> None:
    steps = [step for step in answer.lineage.steps if step.subtype != MEMBER]
    whole = column.column == DATASET

    def mine(end: ColumnId) -> bool:
        return end.dataset == column.dataset if whole else end == column

    into = [step for step in steps if mine(step.target)]
    out = [step for step in steps if mine(step.source)]
    sources = [f"{named(step.source)} → {step.target.column}" if whole else named(step.source) for step in into]
    targets = [f"{step.source.column} → {named(step.target)}" if whole else named(step.target) for step in out]
    _listing("Made of", "in", list(zip(into, sources, strict=True)))
    _listing("Goes into", "out", list(zip(out, targets, strict=True)))
    jobs = dict.fromkeys(step.job for step in into if step.job)
    if jobs:
        st.markdown(f"**{'Jobs' if len(jobs) > 1 else 'Job'}**")
        for job in list(jobs)[:MOST_NAMED]:
            _job(job, [step for step in into if step.job == job])


def _listing(title: str, key: str, ways: Sequence[tuple[Step, str]]) -> None:
    if not ways:
        return
    st.markdown(f"**{title}**")
    with st.container(gap=None):
        for number, (step, ends) in enumerate(ways[:MOST_STEPS]):
            label = f"{inline(ends, 70)} :gray[{inline(kind(step))}]"
            st.button(
                label, key=f"way-{key}-{number}", type="tertiary", on_click=_choose, args=((step,),),
                icon=":material/arrow_back:" if key == "in" else ":material/arrow_forward:",
            )  # fmt: skip
    if len(ways) > MOST_STEPS:
        st.caption(f"and {len(ways) - MOST_STEPS:,} more")


def _choose(steps: tuple[Step, ...]) -> None:
    state.state().chosen = steps


def _edge(steps: Sequence[Step]) -> None:
    first = steps[0]
    tables = (
        f"{inline(named(ColumnId(first.source.dataset)), 60)} → {inline(named(ColumnId(first.target.dataset)), 60)}"
    )
    _heading(tables, "Data flows" if first.type == "DIRECT" else "Decides about the result, no data flows")
    for step in steps[:MOST_STEPS]:
        color = "violet" if step.masking else "gray"
        st.markdown(f"{_bold(step.source)} → {_bold(step.target)}  :{color}[{inline(kind(step))}]")
    if len(steps) > MOST_STEPS:
        st.caption(f"and {len(steps) - MOST_STEPS:,} more")
    for job in list(dict.fromkeys(step.job for step in steps if step.job))[:MOST_NAMED]:
        _job(job, [step for step in steps if step.job == job])


def _bold(column: ColumnId) -> str:
    return f"**{inline('whole table' if column.column == DATASET else column.column, 60)}**"


def _job(job: JobId, steps: Sequence[Step]) -> None:
    details: JobDetails = session.desk().memory.lineage.job(job, shown=MOST_RUNS)
    since = min((step.since for step in steps if step.since), default=None)
    sure = min(step.confidence for step in steps)
    told = [f"since {since:%Y-%m-%d}"] if since else []
    told += [f"{percent(sure)} sure"] if sure < 1 else []
    about = inline(", ".join([job.namespace, *told]), 200)
    st.markdown(f":material/settings: **{inline(job.name, 100)}** :gray[{about}]")
    if details.sql:
        st.code(details.sql, language="sql", wrap_lines=True, height=200 if details.sql.count("\n") > 8 else "content")
    for run in details.runs:
        color = {"COMPLETE": "green", "FAIL": "red", "ABORT": "red"}.get(run.state, "gray")
        st.caption(f":{color}[{inline(run.state.lower() or 'run', 20)}] {ago(run.last_at)} · {inline(run.run, 60)}")


def _quality(known: UUID, column: ColumnId, answer: Answer) -> None:
    memory = session.desk().memory
    st.markdown("**Quality**")
    latest = memory.results.scores(known, 1)
    if latest:
        total = "–" if latest[0].total is None else score(latest[0].total)
        st.caption(f"Score of the table {total} of 100, validated {ago(latest[0].measured_at)}")
    failing = _failing(column, answer)
    for rule in failing[:MOST_RULES]:
        st.code(rule["rule"], language=None, wrap_lines=True)
        st.caption(f":red[:material/cancel:] {inline(rule['reason'], 200)}")
    if latest and not failing:
        st.caption(":green[:material/check_circle:] No rule of it fails.")
    stored = memory.catalog.latest_profile(known)
    if stored:
        profile = Profile.from_dict(stored.profile)
        facts = _facts(profile, column)
        if facts:
            st.dataframe([{"What": name, "Value": value} for name, value in facts], hide_index=True)
    if not latest and not stored:
        st.caption("It has not been profiled or validated yet.")


def _failing(column: ColumnId, answer: Answer) -> list[dict[str, Any]]:
    """The failing rules about a column; of a whole table all, each once."""
    if column.column != DATASET:
        return list(answer.failing.get(column, ()))
    mine = [rule for other, rules in answer.failing.items() if other.dataset == column.dataset for rule in rules]
    return list({rule["rule"]: rule for rule in mine}.values())


def _facts(profile: Profile, column: ColumnId) -> Iterable[tuple[str, str]]:
    if column.column == DATASET:
        return [("Rows", f"{profile.rows:,}"), ("Columns", f"{len(profile.columns):,}")]
    found = next((one for one in profile.columns if one.name == column.column), None)
    return [pair for pair in column_facts.facts(found, profile.rows) if pair[0] in _FACTS] if found else []
