"""What people should know of, written down where it is found out: opened once, continued, resolved.

One trouble is one alert for as long as it lasts, however many runs meet it. What is opened or resolved is news, in the
transaction of what was found; :mod:`memory.notices` makes messages of news.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from memory import falls
from memory.db import Connection, storable

Trouble = Literal["arrival", "quarantine", "schedule", "source", "drift", "volume", "freshness"]
Kind = Literal["rule", "score", "fall"] | Trouble
KINDS: Mapping[str, str] = {
    "rule": "rule",
    "score": "score below its threshold",
    "fall": "score fell",
    "arrival": "arrival given up",
    "quarantine": "batch in quarantine",
    "schedule": "schedule failed",
    "source": "source out of reach",
    "drift": "data drifted",
    "volume": "unusual number of rows",
    "freshness": "data late",
}
"""What there is, in words."""
LONGEST = 2_000
"""Letters of a text that are kept; of a rule all, which is known by them."""


@dataclass(frozen=True)
class Finding:
    """A trouble as one look met it."""

    kind: Kind
    key: str
    what: str
    said: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    position: int | None = None
    """Of the rule in its evaluation."""


def tell(
    connection: Connection,
    kind: Trouble,
    key: str,
    what: str,
    said: str,
    *,
    dataset_id: UUID | None = None,
    run_id: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Has people told of a trouble once the caller's transaction is committed; once while it lasts.

    ``key`` is the same for what is the same trouble (of one kind): the id of an arrival, the name of a schedule.
    ``what`` is in trouble, in a few words (`s3://lake/orders/1.csv`), ``said`` is what happened, in a sentence without
    values of rows. ``detail`` is JSON-able and told as it is; a ``blast_radius`` in it (``Blast.to_dict``) is told in
    words. Say :func:`settle` with the same kind and key when it is over. Do it before ``audit.record``.
    """
    finding = Finding(kind, f"{kind} {key}", what[:LONGEST], said, detail or {})
    _found(connection, [finding], dataset_id, run_id, None)


def settle(connection: Connection, kind: Trouble, key: str, *, run_id: str | None = None) -> None:
    """Says that a trouble is over; nothing where there is none. Do it before ``audit.record``."""
    _over(connection, [f"{kind} {key}"], run_id, "It is over.")


def consider(
    connection: Connection,
    run_id: str,
    dataset_id: UUID,
    version: str,
    evaluation_id: UUID,
    rules: Sequence[Mapping[str, Any]],
    total: float | None,
    dimensions: Mapping[str, float],
) -> None:
    """Opens, continues and resolves the alerts of a dataset after a validation, within its transaction.

    ``rules`` are as ``RuleResult.to_dict`` gives them. Rules that were not evaluated stay as they are, but those that
    are no longer active.
    """
    # Validations of one dataset one after the other: each may open what another one resolves.
    connection.execute("select from datasets where id = %s for no key update", [dataset_id])
    bad, good = _rules(dataset_id, rules)
    open_ = _open_of(connection, dataset_id)
    low, fine = _thresholds(connection, dataset_id, total, dimensions)
    fell = _fall(connection, dataset_id, version, evaluation_id, total, open_)
    _found(connection, [*bad, *low, *([fell] if fell else [])], dataset_id, run_id, evaluation_id)
    if not open_:
        return
    _over(connection, [key for key in (*good, *fine) if key in open_], run_id, "It passes again.")
    recovered = f"fall {dataset_id}"
    if fell is None and total is not None and recovered in open_:
        _over(connection, [recovered], run_id, "The score is back where it was.")
    _retired(connection, dataset_id, run_id)


def _rules(dataset_id: UUID, rules: Sequence[Mapping[str, Any]]) -> tuple[list[Finding], set[str]]:
    """The rules that did not pass, each once, and the keys of the others."""
    bad: dict[str, Finding] = {}
    good = set()
    for position, rule in enumerate(rules):
        key = f"rule {dataset_id} {rule['rule']}"
        if rule["outcome"] == "Passed":
            good.add(key)
            continue
        kept = ("columns", "dimension", "outcome", "failed_rows", "blast_radius")
        detail = {name: rule[name] for name in kept if rule.get(name) is not None}
        bad[key] = Finding("rule", key, rule["rule"], rule["reason"], detail, position)
    return list(bad.values()), good - set(bad)


def _thresholds(
    connection: Connection, dataset_id: UUID, total: float | None, dimensions: Mapping[str, float]
) -> tuple[list[Finding], list[str]]:
    rows = connection.execute(
        """select distinct on (dimension) dimension, least from alert_thresholds
        where dataset_id = %s or dataset_id is null order by dimension, dataset_id nulls last""",
        [dataset_id],
    ).fetchall()
    scores = {**dimensions, **({} if total is None else {"": total})}
    least = {row["dimension"]: row["least"] for row in rows if row["dimension"] in scores}
    bad = [_low(dataset_id, name, scores[name], bound) for name, bound in least.items() if scores[name] < bound]
    # Without a threshold no score is too low.
    fine = {f"score {dataset_id} {name}" for name in scores} - {finding.key for finding in bad}
    return bad, sorted(fine)


def _low(dataset_id: UUID, dimension: str, score: float, least: float) -> Finding:
    name = f"{dimension or 'total'} score"
    said = f"The {name} is {score:.1%}, and should be at least {least:.1%}."
    return Finding("score", f"score {dataset_id} {dimension}", name, said, {"score": score, "least": least})


def _fall(
    connection: Connection,
    dataset_id: UUID,
    version: str,
    evaluation_id: UUID,
    total: float | None,
    open_: Mapping[str, Mapping[str, Any]],
) -> Finding | None:
    """The fall of the total score out of what its history lets expect, until it is back there."""
    if total is None:
        return None
    known = open_.get(key := f"fall {dataset_id}")
    least = known["least"] if known else falls.least(connection, dataset_id, version, evaluation_id, total)
    if least is None or total >= least:
        return None
    said = f"The total score fell to {total:.1%}; by its history it should be at least {least:.1%}."
    return Finding("fall", key, "total score", said, {"score": total, "least": least})


def _open_of(connection: Connection, dataset_id: UUID) -> dict[str, Mapping[str, Any]]:
    """The keys of what is open of a dataset, with what is known of each."""
    rows = connection.execute(
        "select key, detail from alerts where dataset_id = %s and resolved_at is null", [dataset_id]
    )
    return {row["key"]: row["detail"] for row in rows}


def _found(
    connection: Connection,
    findings: Collection[Finding],
    dataset_id: UUID | None,
    run_id: str | None,
    evaluation_id: UUID | None,
) -> None:
    if not findings:
        return
    # In one order, so that two validations of one dataset never wait for each other.
    rows = sorted(findings, key=lambda finding: finding.key)
    connection.execute(
        """with met as (
            insert into alerts as a (kind, key, dataset_id, what, said, detail, evaluation_id, position,
                opened_run, last_run)
            select f.kind, f.key, %(dataset)s, f.what, f.said, f.detail, %(evaluation)s, f.position, %(run)s, %(run)s
            from unnest(%(kind)s::text[], %(key)s::text[], %(what)s::text[], %(said)s::text[], %(detail)s::json[],
                %(position)s::int[]) f (kind, key, what, said, detail, position)
            on conflict (key_hash) where resolved_at is null do update
                set said = excluded.said, detail = excluded.detail, evaluation_id = excluded.evaluation_id,
                    position = excluded.position, last_run = excluded.last_run, last_at = now(), times = a.times + 1
            returning number, times)
        insert into alert_news (alert, change, run_id) select number, 'opened', %(run)s from met where times = 1""",
        {
            **{name: [getattr(row, name) for row in rows] for name in ("kind", "key", "what", "position")},
            "said": [row.said[:LONGEST] for row in rows],
            "detail": [json.dumps(storable(row.detail), default=str) for row in rows],
            **{"dataset": dataset_id, "evaluation": evaluation_id, "run": run_id},
        },
    )


def _over(connection: Connection, keys: Collection[str], run_id: str | None, resolution: str) -> None:
    if not keys:
        return
    connection.execute(
        """with over as (
            update alerts set resolved_at = now(), resolution = %s, last_run = coalesce(%s, last_run)
            where resolved_at is null and number in (
                select number from alerts where resolved_at is null
                    and key_hash in (select assay_text_hash(key) from unnest(%s::text[]) k (key))
                order by key for update)
            returning number)
        insert into alert_news (alert, change, run_id) select number, 'resolved', %s from over""",
        [resolution, run_id, sorted(keys), run_id],
    )


def _retired(connection: Connection, dataset_id: UUID, run_id: str) -> None:
    """Rules that were active once and are so no longer are nobody's trouble."""
    rows = connection.execute(
        """select a.key from alerts a where a.dataset_id = %(id)s and a.resolved_at is null and a.kind = 'rule'
            and exists (select from dq_rules r where r.dataset_id = %(id)s and r.rule_hash = assay_text_hash(a.what))
            and not exists (select from dq_rules r where r.dataset_id = %(id)s
                and r.rule_hash = assay_text_hash(a.what) and r.status = 'approved')""",
        {"id": dataset_id},
    ).fetchall()
    _over(connection, [row["key"] for row in rows], run_id, "The rule is no longer active.")
