"""The tools that a model may call, by agent: what each may do at all, whatever its prompt says."""

from agents.toolbox.answer import mending
from agents.toolbox.looking import (
    compare_tables,
    list_datasets,
    list_runs,
    show_pending,
    show_profile,
    show_results,
    show_rules,
    show_scores,
)
from agents.toolbox.measuring import column_details, profile_table, run_validation
from agents.toolbox.one_run import show_run
from agents.toolbox.proposing import dry_run_rule, list_candidates, propose_rules
from agents.toolbox.routing import hand_over, plan_work
from agents.toolbox.tracing import show_lineage

_LOOK = [
    *(list_datasets, show_profile, show_rules, show_results, show_scores),
    *(list_runs, show_run, show_pending, compare_tables, show_lineage),
]

TOOLS = {
    "supervisor": [hand_over, plan_work, *_LOOK],
    "profiler": [profile_table, column_details],
    "recommender": [list_candidates, column_details, dry_run_rule, propose_rules],
    "validator": [run_validation],
}
"""Each agent's tools, and nothing else."""

for _tool in {one.name: one for tools in TOOLS.values() for one in tools}.values():
    _tool.handle_validation_error = mending(_tool)
