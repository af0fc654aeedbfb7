"""Scores column lineage on the cases beside this repository: ``python -m evals.bench.lineage_score [--misses]``.

Needs ``../shared/lineage`` with ``dev_cases.json`` and ``score.py``. Direct edges are scored there; kinds and
masking are
compared here, on the cases whose truth tells them.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import logging
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from tools import lineage

CASES = Path(__file__).parents[3] / "shared" / "lineage"
Key = tuple[tuple[str, str], tuple[str, str]]


def scorer(folder: Path) -> ModuleType:
    """The script that judges, which is kept beside its cases."""
    spec = importlib.util.spec_from_file_location("lineage_case_score", folder / "score.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"there is no score.py in {folder}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(sql: str, **options: Any) -> list[tuple[str, str, str, str, str, str, bool]]:
    """What the scorer takes: one row an edge."""
    found = lineage.extract(sql, **options)
    return [(*edge.target, *edge.source, edge.type, edge.subtype, edge.masking) for edge in found.edges]


def kinds_wanted(case: dict[str, Any]) -> dict[Key, set[str]]:
    """`TYPE/SUBTYPE[/MASKED]` of each edge that the truth describes; ("*", "*") is the whole dataset."""
    wanted = {}
    for edge, kinds in (case.get("transforms") or {}).items():
        target, source = edge.split("<-")
        wanted[name(target), name(source)] = set(kinds)
    return wanted


def name(text: str) -> tuple[str, str]:
    """(table, column) of a dotted name, as the scorer compares them."""
    table, _, column = text.rpartition(".")
    return table.split(".")[-1].lower(), column.lower()


def kinds_found(case: dict[str, Any]) -> dict[Key, set[str]]:
    """The same of what is extracted; written out per column where the truth is."""
    extra = case.get("extra") or {}
    options = {"dialect": case["dialect"] or None, "schema": case["schema"], "views": extra.get("views")}
    found = lineage.extract(case["sql"], **options)
    made: dict[Key, set[str]] = defaultdict(set)
    for edge in found.edges if extra.get("dataset_level_indirect", True) else found.expanded():
        target = ("*", "*") if edge.dataset_wide else name(".".join(edge.target))
        made[target, name(".".join(edge.source))].add(f"{edge.type}/{edge.subtype}" + "/MASKED" * edge.masking)
    return made


def agreement(cases: list[dict[str, Any]]) -> Iterator[tuple[str, Key, set[str], set[str]]]:
    """Of each described edge: the case, the edge, the kinds wanted and found. Kinds that no truth speaks of are left
    out."""
    for case in cases:
        wanted = kinds_wanted(case)
        if not wanted:
            continue
        found = kinds_found(case)
        tells_indirect = any(kind.startswith("INDIRECT") for kinds in wanted.values() for kind in kinds)
        for edge, kinds in wanted.items():
            seen = {kind for kind in found.get(edge, set()) if tells_indirect or kind.startswith("DIRECT")}
            yield case["id"], edge, kinds, seen


def print_agreement(title: str, cases: list[dict[str, Any]], misses: bool) -> float:
    """Print and give back the share of described edges whose kinds and masking are exactly right."""
    judged = list(agreement(cases))
    wrong = [(case, edge, wanted, seen) for case, edge, wanted, seen in judged if wanted != seen]
    share = 1 - len(wrong) / max(len(judged), 1)
    print(f"{title:24} edges {len(judged):5}  kinds and masking right {100 * share:5.1f} %")
    for case, edge, wanted, seen in wrong if misses else []:
        print("KIND", case, edge, "wanted", sorted(wanted), "found", sorted(seen))
    return share


def main() -> None:
    """Prints the scorer's table, then how well kinds and masking agree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=Path, default=CASES, help="folder of dev_cases.json and score.py")
    parser.add_argument("--misses", action="store_true", help="also print what was missed")
    options = parser.parse_args()
    if not (options.cases / "dev_cases.json").exists():
        sys.exit(f"there are no cases in {options.cases}")
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    cases = json.loads((options.cases / "dev_cases.json").read_text())
    scorer(options.cases).score(rows, cases, verbose=int(options.misses))
    described = [case for case in cases if (case.get("extra") or {}).get("subtypes")]
    print_agreement("kinds: OpenLineage", described, options.misses)
    print_agreement("kinds: others", [case for case in cases if case not in described], options.misses)


if __name__ == "__main__":
    main()
