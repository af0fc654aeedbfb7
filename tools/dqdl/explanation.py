"""What an evaluation would ask of which engine, and which rule rides on which query. Nothing is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp
from sqlglot.errors import SqlglotError

from tools.dqdl.language.model import Rule
from tools.dqdl.lowering import lower
from tools.dqdl.planning import Planned, Prepared
from tools.dqdl.plans import sql
from tools.dqdl.plans.plan import Aggregate, Need, Plan, RuleError
from tools.dqdl.plans.wide import plain_query, slices
from tools.dqdl.queries import samples
from tools.dqdl.queries.asking import Desk, aliased, among, named_columns, rename, stands_for
from tools.dqdl.queries.samples import Wanted
from tools.dqdl.queries.schedule import grouped_query, schedule
from tools.sources.table import Table

SAMPLES = "Rows that fail"
FOOTERS = "the footers of its files hold the answer"
_LABELS = {"Scan": "One scan of all rows", "Query": "A query of its own", SAMPLES: "Examples of rows that fail"}
SHOWN = 100
"""Characters of a rule under a query."""


@dataclass(frozen=True)
class Query:
    """One query of an evaluation."""

    name: str
    sql: str
    """For the engine; empty where the query cannot be written for it."""
    rules: tuple[int, ...]
    """The rules that ride on it, from 1."""
    condition: str = ""
    """When it runs, if not always."""
    problem: str = ""
    """Why it cannot be written for this engine."""

    @property
    def label(self) -> str:
        """What it is, for a person."""
        return _LABELS.get(self.name, f"{self.name}: how often each value occurs")

    @property
    def always(self) -> bool:
        """Whether it runs whatever the data is like."""
        return not self.condition.startswith("only")


@dataclass(frozen=True)
class Explanation:
    """The plan of a ruleset, in the order in which it runs."""

    dialect: str
    rules: tuple[str, ...]
    queries: tuple[Query, ...]
    without: Mapping[int, str] = field(default_factory=dict)
    """Rules that need no query, from 1, and why."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able values."""
        rules = [{"number": number, "rule": rule} for number, rule in enumerate(self.rules, 1)]
        without = [{"number": number, "why": why} for number, why in self.without.items()]
        queries = [{**vars(query), "rules": list(query.rules)} for query in self.queries]
        plan = {"dialect": self.dialect, "rules": rules, "queries": queries, "without_query": without}
        return {"summary": self.summary, **plan}

    @property
    def summary(self) -> str:
        """How many queries for how many rules, and what needs no scan, in one line."""
        always = sum(query.always for query in self.queries)
        more = len(self.queries) - always
        told = f"{_count(always, 'query', 'queries')} for {_count(len(self.rules), 'rule', 'rules')}"
        told += f", {more} more only where the data makes it necessary" if more else ""
        free = [f"{_numbers(numbers)} ({why})" for why, numbers in self._free().items()]
        return f"{told}. No scan for {', '.join(free)}." if free else f"{told}."

    def _free(self) -> dict[str, tuple[int, ...]]:
        """The rules without a query by why they need none."""
        found: dict[str, tuple[int, ...]] = {}
        for number, why in self.without.items():
            short = f"{why.partition(' at once')[0]} at once" if " at once" in why else why
            found[short] = (*found.get(short, ()), number)
        return found

    def __str__(self) -> str:
        lines = [self.summary]
        for number, query in enumerate(self.queries, 1):
            condition = f" ({query.condition})" if query.condition else ""
            riders = self._listed(query.rules) or ["--       (the number of rows)"]
            lines += ["", f"-- {number}. {query.label}{condition}", *riders, query.sql or f"-- {query.problem}"]
        for why in dict.fromkeys(self.without.values()):
            numbers = [number for number, reason in self.without.items() if reason == why]
            lines += ["", f"-- No query: {why}", *self._listed(numbers)]
        return "\n".join(lines) + "\n"

    def _listed(self, numbers: Iterable[int]) -> list[str]:
        rules = [(number, self.rules[number - 1]) for number in numbers]
        cut = [(number, rule if len(rule) <= SHOWN else f"{rule[: SHOWN - 1]}…") for number, rule in rules]
        return [f"-- {number:>5}  {rule}" for number, rule in cut]


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _numbers(rules: Sequence[int]) -> str:
    """``rule 3``, ``rules 1-4, 7``."""
    spans: list[list[int]] = []
    for number in rules:
        if spans and number == spans[-1][-1] + 1:
            spans[-1][1:] = [number]
        else:
            spans.append([number])
    return f"{'rule' if len(rules) == 1 else 'rules'} {', '.join('-'.join(map(str, span)) for span in spans)}"


def explanation(prepared: Prepared, tables: Mapping[str, Table], dialect: str | None = None) -> Explanation:
    """The plan on the engine of the primary table, or as SQL of another dialect, of whose files nothing is known."""
    return _Explainer(prepared, tables, dialect or tables["primary"].dialect).explanation()


class _Explainer:
    def __init__(self, prepared: Prepared, tables: Mapping[str, Table], dialect: str) -> None:
        self.rules = prepared.rules
        self.tables = tables
        self.dialect = dialect
        self.primary = tables["primary"]
        self.needs = {number: _needs(planned) for number, planned in enumerate(prepared.rules, 1)}
        asked = [Aggregate(sql.count()), *prepared.needs()]
        self.plan = schedule(asked, self.primary, dialect)

    def explanation(self) -> Explanation:
        queries = [*self._plain(), *self._groups(), *self._statements(), *self._samples()]
        told = {number for query in queries if query.name != SAMPLES for number in query.rules}
        without = {number: self._why(number) for number in self.needs if number not in told}
        return Explanation(self.dialect, tuple(str(one.rule) for one in self.rules), tuple(queries), without)

    def _why(self, number: int) -> str:
        verdicts = [part.verdict for part in self.rules[number - 1].deciding() if part.verdict]
        if verdicts:
            return f"{verdicts[0].outcome} at once ({verdicts[0].reason})"
        if not self.needs[number]:
            return "the files decide" if self._of_files(number) else "the columns decide"
        return FOOTERS if self.primary.files() else "the source knows the answer"

    def _of_files(self, number: int) -> bool:
        rules = [part.rule for part in self.rules[number - 1].deciding()]
        return all(isinstance(rule, Rule) and rule.type.startswith("File") for rule in rules)

    def _riders(self, needs: Iterable[Need]) -> tuple[int, ...]:
        asked = set(needs)
        return tuple(number for number, own in self.needs.items() if asked & own)

    def _plain(self) -> Iterable[Query]:
        counted = [keys for keys, one in self.plan.counted.items() if one.distinct in self.plan.plain]
        grouped = {need for keys in counted for need in self.plan.groups[keys]}
        for part in slices(list(self.plan.plain), self.dialect):
            select = plain_query(part, aliased(self.primary, sql.ROWS), self.dialect)
            yield self._query("Scan", select, self._riders({*part, *grouped}))

    def _groups(self) -> Iterable[Query]:
        for keys, wanted in self.plan.groups.items():
            select = grouped_query(keys, wanted, self.primary)
            condition = "only if the scan finds duplicates" if keys in self.plan.counted else ""
            yield self._query(f"Groups of {', '.join(keys)}", select, self._riders(wanted), condition)

    def _statements(self) -> Iterable[Query]:
        for statement in self.plan.statements:
            yield self._query("Query", statement.query.copy(), self._riders([statement]))

    def _samples(self) -> Iterable[Query]:
        """As if a few rows broke each rule that knows its rows."""
        numbered: dict[int, Wanted] = {}
        for number, planned in enumerate(self.rules, 1):
            bad = [part for part in planned.deciding() if part.plan and part.plan.bad]
            if bad and bad[0].plan and bad[0].plan.bad:
                numbered[number] = Wanted(bad[0].plan.bad, bad[0].columns, 1)
        desk, wanted = Desk(self.tables), list(numbered.values())
        for part in samples.parts(wanted, desk):
            rules = tuple(sorted(list(numbered)[i] for i in part.rules))
            select = samples.query(part, wanted, desk)
            yield self._query(SAMPLES, select, rules, "only for those rules that fail")

    def _query(self, name: str, select: exp.Query, rules: tuple[int, ...], condition: str = "") -> Query:
        nodes = list(select.find_all(exp.Table))
        used = among(nodes, self.tables)
        fields = [one for table in used.values() for one in table.fields]
        conditions = [condition] if condition else []
        if len({table.engine for table in used.values()}) > 1:
            conditions += [_brought(select, alias, table) for alias, table in used.items() if table.engine != "duckdb"]
        self._rename(nodes, used)
        try:
            text = lower(select, self.dialect, fields).sql(dialect=self.dialect, pretty=True, copy=False)
        except (RuleError, SqlglotError) as error:
            return Query(name, "", rules, condition, str(error))
        except RecursionError:
            return Query(name, "", rules, condition, "It is nested too deeply.")
        return Query(name, text, rules, "; ".join(conditions))

    def _rename(self, nodes: Sequence[exp.Table], used: Mapping[str, Table]) -> None:
        """Tables by the names that people know."""
        for node in nodes:
            for table in used.values():
                if stands_for(node, table):
                    rename(node, exp.table_(table.dataset.short, quoted=True))
                    break


def _brought(select: exp.Query, alias: str, table: Table) -> str:
    return f"{', '.join(named_columns(select, table))} of {alias} are brought over"


def _needs(planned: Planned) -> set[Need]:
    plans = [part.plan for part in planned.deciding() if isinstance(part.plan, Plan)]
    return {need for plan in plans for need in plan.needs.values()}
