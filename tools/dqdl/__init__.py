"""The Data Quality Definition Language: read it, print it, and evaluate it on any source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from tools.dqdl.language.errors import DqdlError
from tools.dqdl.language.identity import fingerprint, shape
from tools.dqdl.language.model import Analyzer, Composite, Rule, Ruleset, TopRule, quote
from tools.dqdl.language.parser import parse, parse_rule
from tools.dqdl.language.standalone import standalone

if TYPE_CHECKING:
    import pyarrow as pa

    from tools.dqdl.explanation import Explanation
    from tools.dqdl.plans.result import Evaluation

__all__ = [
    "Analyzer",
    "Composite",
    "DqdlError",
    "Rule",
    "Ruleset",
    "TopRule",
    "evaluate",
    "explain",
    "fingerprint",
    "parse",
    "parse_rule",
    "quote",
    "row_level",
    "shape",
    "standalone",
]


def evaluate(
    ruleset: Ruleset | str,
    tables: Mapping[str, Any],
    *,
    history: Any = None,
    now: datetime | None = None,
    composite: Literal["column", "row"] = "column",
    file_roots: Sequence[str] | None = None,
) -> Evaluation:
    """Evaluates all rules in the fewest queries; a broken rule spoils only itself.

    ``tables`` has the table that the rules are about under "primary", and others under the aliases that rules use;
    each an open Table, an Arrow table or a DataFrame. ``now`` is a time with a zone, by default the current one.
    ``history`` is what was measured before, for rules like ``RowCount > avg(last(10))``: by metric key (as in
    ``metrics``) the points, oldest first, each a number, a pair of time and number, or a history.Point; or an object
    whose ``points(key)`` gives them. ``composite`` is Glue's ``compositeRuleEvaluation.method``: by default each member
    is judged on the whole data; with ``"row"`` the members are joined in each row, and all rows must pass.
    ``file_roots`` are the folders and s3:// prefixes that FileFreshness and its like may name; None for any, which is
    for rulesets of the caller's own. Raises DqdlError and SourceError.
    """
    from tools.dqdl.evaluation import run

    return run(ruleset, tables, history=history, now=now, composite=composite, file_roots=file_roots)


def explain(
    ruleset: Ruleset | str,
    tables: Mapping[str, Any],
    dialect: str | None = None,
    *,
    history: Any = None,
    now: datetime | None = None,
    composite: Literal["column", "row"] = "column",
) -> Explanation:
    """What :func:`evaluate` would ask: its queries with their SQL, which rule rides on which, what needs none.

    ``dialect`` writes the SQL for another engine, such as "redshift" or "athena". Nothing is run, but for the names of
    the columns that a star in a CustomSql stands for. Raises DqdlError and SourceError.
    """
    from tools.dqdl.evaluation import explained

    return explained(ruleset, tables, dialect, history=history, now=now, composite=composite)


def row_level(
    ruleset: Ruleset | str,
    tables: Mapping[str, Any],
    *,
    history: Any = None,
    now: datetime | None = None,
    filtered: Literal["PASSED", "SKIPPED"] = "PASSED",
) -> Iterator[pa.RecordBatch]:
    """The rows of the primary table with what each rule says of them, from one query, in parts.

    Adds the columns DataQualityRulesPass, DataQualityRulesFail and DataQualityRulesSkip (lists of rules) and
    DataQualityEvaluationResult ("Failed" where a rule fails, else "Passed"). Rows that the filter of a rule leaves out
    pass it, or skip it with ``filtered="SKIPPED"``. The other arguments are those of :func:`evaluate`. Raises
    DqdlError and SourceError, the latter also in the middle.
    """
    from tools.dqdl import rowlevel

    return rowlevel.row_level(ruleset, tables, history=history, now=now, filtered=filtered)
