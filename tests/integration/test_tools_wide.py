"""What every tool answers over a table of 1,000 columns with 1,000 rules: a page of bounded length, then the next."""

from __future__ import annotations

import pytest

from agents.context import AgentContext
from agents.toolbox import TOOLS
from agents.workbench import Workbench
from tests.support.agents import answers, content
from tests.support.lineages import at, declared, edge, seen
from tests.support.stores import new_run, proposed
from tools.lineage.observed import Observed, Owner, Tag

MOST = 8_000
"""Characters: about 2,000 tokens."""
COLUMNS = 1_000
NAMES = [f"a_rather_long_name_of_a_measure_that_somebody_took_{n}" for n in range(COLUMNS)]


@pytest.fixture(scope="module")
def wide(store_server, tmp_path_factory):
    """A context over the table, in a store that knows many others."""
    from memory import Memory
    from tests.conftest import TEMPLATE, _database

    folder = tmp_path_factory.mktemp("wide")
    rows = [",".join(str(row * 7 + n % 13) if (row + n) % 9 else "" for n in range(COLUMNS)) for row in range(30)]
    (folder / "wide.csv").write_text("\n".join([",".join(NAMES), *rows]) + "\n")
    (folder / "narrow.csv").write_text(f"{NAMES[0]}\n" + "1\n" * 9)
    tables = {name: str(folder / f"{name}.csv") for name in ("wide", "narrow")}
    for url in _database(store_server, TEMPLATE):
        with Memory.open(url) as memory:
            bench = Workbench(memory)
            run = new_run(memory, goal="check it all " * 40)
            rules = [f'IsComplete "{name}"' for name in NAMES] + [
                f'ColumnValues "{NAMES[0]}" in [{", ".join(str(n) for n in range(900))}]'
            ]
            memory.rules.import_rules(bench.dataset(tables["wide"]).id, rules, "Ann")
            for number in range(300):
                other = f"/data/{'deep/' * 10}a_table_with_a_long_name_{number}.csv"
                memory.catalog.upsert_dataset("file", other, other, [{"name": "a", "type": "BIGINT", "kind": "number"}])
            for number in range(60):
                new_run(memory, goal=f"{number} " + "a goal in many words " * 50)
                if number < 30:
                    proposed(memory, 'IsComplete "email"', "RowCount > 3")
            memory.lineage.ingest(enormous())
            yield AgentContext(run.id, bench, tables, plan=lambda steps: steps)


def enormous() -> list[Observed]:
    """A hub with names and owners of great length below it, by a job for each table, and a chain of 300."""
    name = f"a_{'very_' * 100}long_name"
    owned = [seen(f"t{n}_{name}", owners=tuple(Owner(f"{name} {o}") for o in range(20))) for n in range(300)]
    tags = tuple(Tag(f"pii_{n}_{name}", name, "all") for n in range(5))
    tagged = Observed(at(1), "test", inputs=(seen("hub", tags=tags), *owned))
    hub = [
        declared(0, f"job {n} {name}", *(edge("hub.all", f"t{n}_{name}.id_{c}_{name}") for c in range(10)))
        for n in range(300)
    ]
    chain = [declared(0, f"chain {n}", edge(f"hub{n or ''}.all", f"hub{n + 1}.all")) for n in range(300)]
    return [*hub, *chain, declared(0, "end", edge("hub300.all", "leaf.all")), tagged]


RUN = "the run of the task"
"""Stands for its id, which is only known when it is there."""
CALLS = {
    "profile_table": ("profiler", {"table": "wide"}),
    "column_details": ("profiler", {"table": "wide", "columns": NAMES[:10]}),
    "list_candidates": ("recommender", {"table": "wide"}),
    "dry_run_rule": ("recommender", {"table": "wide", "rule": f'ColumnValues "{NAMES[1]}" > 0'}),
    "propose_rules": (
        "recommender",
        {
            "table": "wide",
            "proposals": [{"rule": f'IsComplete "{name}_x"', "reasoning": "It is."} for name in NAMES[:50]],
        },
    ),
    "run_validation": ("validator", {"table": "wide"}),
    "plan_work": ("supervisor", {"steps": [{"step": "profiler", "tables": NAMES[:50]}] * 12}),
    "hand_over": ("supervisor", {"next": "profiler", "tables": NAMES[:50], "reason": "asked"}),
    "list_datasets": ("supervisor", {}),
    "show_profile": ("supervisor", {"table": "wide"}),
    "show_rules": ("supervisor", {"table": "wide"}),
    "show_results": ("supervisor", {"table": "wide"}),
    "show_scores": ("supervisor", {"table": "wide"}),
    "list_runs": ("supervisor", {}),
    "show_run": ("supervisor", {"run": RUN}),
    "show_pending": ("supervisor", {}),
    "compare_tables": ("supervisor", {"left": "wide", "right": "narrow"}),
    "show_lineage": ("supervisor", {"question": "impact", "node": "hub.all"}),
}
QUESTIONS = ("impact", "upstream", "downstream", "path", "personal_data", "find")
OTHERS = [
    ("supervisor", "show_results", {"table": "wide", "rule": COLUMNS + 1}),
    ("supervisor", "show_profile", {"table": "wide", "columns": NAMES[:10]}),
    ("profiler", "column_details", {"table": "wide", "columns": ["no such column"]}),
    ("profiler", "column_details", {"table": "wide", "columns": NAMES}),
    ("profiler", "profile_table", {"table": "x" * 900}),
    ("supervisor", "hand_over", {"next": "all", "tables": NAMES, "reason": ""}),
    ("supervisor", "show_rules", {"table": "nowhere"}),
    ("supervisor", "show_run", {"run": "nowhere"}),
    ("supervisor", "show_results", {"table": "wide", "rule": 9_999}),
    ("recommender", "propose_rules", {"table": "wide", "proposals": [{"candidate": "x" * 5_000}] * 90}),
    ("recommender", "dry_run_rule", {"table": "wide", "rule": "RowCount > " + "9" * 3_900}),
    *(
        ("supervisor", "show_lineage", {"question": question, "node": "hub.all", "to": "leaf"})
        for question in QUESTIONS
    ),
    *(("supervisor", "show_lineage", {"question": "path", "node": f"hub.c{n}", "to": "x" * 900}) for n in range(2)),
    ("supervisor", "show_lineage", {"question": "upstream", "node": f"a_{'very_' * 100}long_name"}),
    ("supervisor", "show_lineage", {"question": "upstream", "node": "id"}),
    ("supervisor", "show_lineage", {"question": "upstream"}),
]


def test_every_tool_is_tried() -> None:
    assert set(CALLS) == {tool.name for tools in TOOLS.values() for tool in tools}


def test_every_answer_is_short_and_so_are_details_and_errors(wide) -> None:
    lengths = {}
    for name, (agent, args) in CALLS.items():
        told = {key: wide.run_id if value == RUN else value for key, value in args.items()}
        (answer,) = answers(agent, wide, (name, told))
        assert answer.status == "success", answer.text
        lengths[name] = len(str(answer.text))
    full = {"profile_table", "show_profile", "show_rules", "run_validation", "show_results", "compare_tables"}
    full |= {"show_lineage"}
    assert {name for name in full if lengths[name] < MOST / 2} == set()  # a full page, not a small table
    for agent, name, args in OTHERS:
        (answer,) = answers(agent, wide, (name, args))
        assert str(answer.text)
        lengths[f"{name} {args}"] = len(str(answer.text))
    assert {name: length for name, length in lengths.items() if length >= MOST} == {}


def test_the_pages_together_are_the_whole(wide) -> None:
    wide.bench.profile(wide.tables["wide"])
    seen, offset = [], 0
    while True:
        (answer,) = answers("supervisor", wide, ("show_profile", {"table": "wide", "offset": offset}))
        page = content(answer)
        seen += [line.split(":")[0] for line in page["columns"]]
        if "next_offset" not in page:
            break
        assert page["next_offset"] > offset
        offset = page["next_offset"]
    assert seen == NAMES
    (beyond,) = answers("profiler", wide, ("profile_table", {"table": "wide", "offset": COLUMNS}))
    assert "Begin with offset 0" in str(beyond.text)
