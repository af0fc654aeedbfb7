"""``assay profile``, ``recommend`` and ``validate``: one step on one table, with no agent in between."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tools.errors import AssayError
from ui.cli import options, rulesets
from ui.cli.ending import NOT_DONE, show_tables, write_html
from ui.cli.options import As, Html, Json, Source, Sources
from ui.cli.output import Output, error_line
from ui.cli.paying import paying
from ui.cli.session import opened
from ui.report import verdict
from ui.report.split import divided
from ui.report.text import clean, count, seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from graph.jobs import Jobs
    from graph.paying import Paid
    from tools.profiling import ColumnProfile, Profile


class Dialect(StrEnum):
    """The engines that rules can be written for."""

    duckdb = "duckdb"
    postgres = "postgres"
    mysql = "mysql"
    spark = "spark"
    redshift = "redshift"
    athena = "athena"


class Composites(StrEnum):
    """How the members of a composite rule are joined."""

    dataset = "dataset"
    row = "row"


def profile(
    sources: Sources,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Show all statistics of a column. Repeatable.", show_default=False),
    ] = None,
    sql: Annotated[bool, typer.Option("--sql", help="Show the queries that verify foreign keys.")] = False,
    name: As = "",
    as_json: Json = False,
) -> None:
    """Measure tables: NULL, blank and distinct values, ranges, frequent values, keys.

    A table whose content did not change since it was profiled is not scanned again. Of several tables it is also told
    which columns hold keys of another.

    Example: assay profile examples/orders.csv examples/customers.csv
    Example: assay profile examples/orders.csv --column amount
    """

    def one(out: Output, jobs: Jobs, source: str) -> dict[str, Any]:
        from rich.padding import Padding
        from rich.text import Text

        from graph.jobs import shown
        from ui.report import columns, profile_notes

        with paying(out, source) as meter, out.advancing(f"Profiling {shown(source)}") as advance:
            done = jobs.profile(source, advance)
        reads = count(done.profile.scans, "read")
        how = "known, not scanned again" if done.cached else f"{reads} in {seconds(done.profile.seconds)}"
        out.show(f"{clean(done.dataset.name)}  {columns.headline(done.profile)}  ({how})")
        for chosen in _chosen(done.profile, column or [], alone=len(sources) == 1):
            out.show(columns.one_column(chosen, done.profile.rows))
        if not column:
            out.show(columns.profile_table(done.profile))
            for note in profile_notes.notes(done.profile):
                out.show(Padding(Text(note, style="dim"), (0, 0, 0, 2)))
        found = {"dataset": done.dataset.name, "version": done.version, "cached": done.cached}
        return {**found, **_cost(meter), "profile": done.profile.to_dict()}

    _each(sources, name, Output(as_json), one, partial(_related, sql))


def _cost(meter: Paid) -> dict[str, Any]:
    """What was paid for, if anything."""
    return {"cost": meter.read} if meter.read else {}


def _chosen(profile: Profile, names: list[str], *, alone: bool) -> list[ColumnProfile]:
    """The columns of those names; of several tables, each has some of them."""
    known = {column.name.lower(): column for column in profile.columns}
    for name in names if alone else ():
        if name.lower() not in known:
            listed = ", ".join(clean(column.name, 40) for column in profile.columns[:20])
            raise AssayError(f"There is no column {name!r}.", hint=f"The columns are: {listed}.")
    return [known[name.lower()] for name in names if name.lower() in known]


def _related(sql: bool, out: Output, jobs: Jobs, done: dict[str, dict[str, Any]]) -> None:
    """Foreign keys between the tables that were profiled: shown, and added to what is told of each."""
    from ui.report.relations import foreign_keys

    with out.waiting("Looking for foreign keys"):
        found = jobs.foreign_keys(list(done))
    for source, entry in done.items():
        entry["foreign_keys"] = [asdict(one) for one in found[source]]
    personal = {
        (one.table, one.column)
        for source, entry in done.items()
        for one in found[source]
        if any(column["name"] == one.column and column["personal"] for column in entry["profile"]["columns"])
    }
    out.show(foreign_keys([one for each in found.values() for one in each], personal, sql=sql))


def recommend(
    sources: Sources,
    file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the rules as a ruleset.", show_default=False)
    ] = None,
    name: As = "",
    as_json: Json = False,
) -> None:
    """Recommend rules from statistics, each tried on the present data. Nothing is stored or activated.

    Rules that are active already, or that a person rejected, are left out.

    Example: assay recommend examples/orders.csv --out orders.dqdl
    """
    options.writable(file)
    if file and len(sources) > 1:
        raise AssayError("--out takes the rules of one table.", hint="Name one SOURCE.")

    def one(out: Output, jobs: Jobs, source: str) -> dict[str, Any]:
        from graph.jobs import shown
        from tools.dqdl.language.documents import document
        from ui.report.suggestion import overview

        with paying(out, source), out.waiting(f"Looking for rules for {shown(source)}"):
            found = jobs.recommend(source)
        out.show(f"{clean(shown(source))}  {count(len(found), 'rule')}")
        known = [(one.suggestion.candidate, one.result, one.suggestion.recollection.sentence) for one in found]
        out.show(overview(known))
        if file:
            options.write_text(file, document([one.suggestion.candidate.rule for one in found]))
            out.talk("Rules written to ", (str(file), "bold"))
        suggestions = [
            {
                **one.suggestion.candidate.to_dict(),
                **{"memory": None, **one.suggestion.recollection.evidence},
                "dry_run": one.result.to_dict(),
            }
            for one in found
        ]
        return {"source": shown(source), "suggestions": suggestions}

    _each(sources, name, Output(as_json), one)


def validate(
    source: Source,
    rules: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A ruleset; without it, the active rules of the table.", show_default=False),
    ] = None,
    others: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="ALIAS=SOURCE", help="Another table that rules compare with. Repeatable."),
    ] = None,
    quarantine: Annotated[
        str | None,
        typer.Option(
            metavar="DIR|URI", help="Write good and bad rows there, a folder or s3://, as files.", show_default=False
        ),
    ] = None,
    composite: Annotated[
        Composites, typer.Option(help="Join the members of (A) and (B) on the whole table, or in each row.")
    ] = Composites.dataset,
    explain: Annotated[bool, typer.Option("--explain", help="Show the queries and which rule rides on which.")] = False,
    dialect: Annotated[
        Dialect | None,
        typer.Option(help="With --explain: the SQL of another engine.", show_default=False),
    ] = None,
    html: Html = None,
    name: As = "",
    as_json: Json = False,
) -> None:
    """Check a table against a ruleset or its active rules, and score it.

    Exit code, for CI: 0 all rules passed, 1 a rule failed, 2 it could not be evaluated.

    Example: assay validate examples/orders.csv --rules orders.dqdl --with customers=examples/customers.csv
    """
    from graph.jobs import Jobs, shown
    from graph.runs import TableReport

    out, actor = Output(as_json), options.actor(name)
    options.writable(html)
    _check_explain(explain, dialect, writes=bool(html or quarantine))
    text = rulesets.usable(rules) if rules else None
    tables = rulesets.aliased(others or [])
    joined: Literal["row", "column"] = "row" if composite is Composites.row else "column"
    with opened(out) as memory:
        if explain:
            found = Jobs(memory, actor).explain(source, text, tables, dialect.value if dialect else None, joined)
            out.write("\n".join(map(clean, str(found).splitlines())))
            out.result(found.to_dict())
            return
        with (
            paying(out, source, *tables.values()) as meter,
            out.advancing(f"Validating {shown(source)}") as advance,
        ):
            done = Jobs(memory, actor).validate(source, text, tables, quarantine, joined, advance)
        report = TableReport(done.dataset.name, done.stored, done.total, done.dimensions)
        show_tables(out, [report])
        for alias in verdict.not_given(report.evaluation):
            out.talk("A rule names the table ", (alias, "bold"), f", which was not given: add --with {alias}=SOURCE.")
        if html:
            write_html(out, html, [report], actor)
        split = done.split.to_dict() if done.split else None
        if split:
            out.show(divided(split))
        code = verdict.exit_code([report.evaluation])
        known = {"dataset": done.dataset.name, "version": done.version, "exit_code": code, "quarantine": split}
        out.result({**known, **_cost(meter), **vars(report)})
        raise typer.Exit(code)


def _check_explain(explain: bool, dialect: Dialect | None, *, writes: bool) -> None:
    """Raises AssayError for options that would have no effect."""
    if dialect and not explain:
        raise AssayError("--dialect says how --explain writes SQL.", hint="Add --explain, or leave --dialect away.")
    if explain and writes:
        raise AssayError("--explain only shows queries.", hint="Leave --html and --quarantine away, or --explain.")


def _each(
    sources: list[str],
    name: str,
    out: Output,
    one: Callable[[Output, Jobs, str], dict[str, Any]],
    several: Callable[[Output, Jobs, dict[str, dict[str, Any]]], None] | None = None,
) -> None:
    """Does one table after the other, then, if there are ``several``, what is about all of them.

    A table that cannot be done does not keep the others from it, but counts.
    """
    from graph.jobs import Jobs

    actor, done, failed = options.actor(name), list[tuple[str, dict[str, Any]]](), 0
    with opened(out) as memory:
        jobs = Jobs(memory, actor)
        for source in sources:
            try:
                done.append((source, one(out, jobs, source)))
            except AssayError as error:
                error_line(str(error))
                failed += 1
        if several and len(dict(done)) > 1:
            try:
                several(out, jobs, dict(done))
            except AssayError as error:
                error_line(str(error))
                failed += 1
    out.result([entry for _, entry in done])
    if failed:
        raise typer.Exit(NOT_DONE)
