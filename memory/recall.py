"""What people decided before, found again by likeness: it shapes what is proposed next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from pgvector import Vector

from memory.db import Database, payload
from memory.embedding import Embedder
from memory.model import DeclinedRule
from memory.overflow import loaded
from memory.remembered import REMEMBERED, PastRule, values

AT_ONCE = 1000
"""Decisions that are remembered in one go."""
FRESH: LiteralString = """
    select d.id as decision_id, d.dataset_id, s.short_name as "table", p.run_id, p.number,
        coalesce(d.rule, p.rule) as rule, coalesce(d.columns, p.columns) as columns,
        coalesce(d.dimension, p.dimension) as dimension, d.decided_at
    from memories e join decisions d on d.id = e.decision_id join datasets s on s.id = d.dataset_id
        left join proposals p on p.id = d.proposal_id
    where (%(run_id)s::text is null or p.run_id = %(run_id)s) and e.forgotten_at is null
        and not exists (select from rule_memory m where m.decision_id = d.id and m.embedding_model = %(model)s)
    order by d.decided_at desc, p.number limit %(limit)s
"""
REMEMBER: LiteralString = """
    insert into rule_memory (memory, decision_id, meaning, form, embedding, embedding_model)
    select e.number, w.*, %s from unnest(%s::uuid[], %s::text[], %s::text[], %s::vector[])
        as w (decision_id, meaning, form, embedding) join memories e on e.decision_id = w.decision_id
    where e.forgotten_at is null
    on conflict (decision_id, embedding_model) do nothing returning id
"""
# First what must be the same, by an index, then the distance to each of what is left. That takes milliseconds at tens
# of thousands of decisions, while an index over vectors would filter after its search and come back with too few.
NEAREST: LiteralString = """
    select q.position, 1 - n.distance as similarity, o.*
    from unnest(%(vectors)s::vector[], %(forms)s::text[]) with ordinality as q (vector, form, position)
    cross join lateral (
        select m.memory, m.embedding <=> q.vector as distance from rule_memory m
        where m.embedding_model = %(model)s {condition}
        order by distance, m.memory desc limit %(k)s
    ) n
"""
OF_FORM: LiteralString = " and m.form = q.form"
OF_DATASET: LiteralString = " and m.memory in (select number from memories where dataset_id = %(dataset_id)s)"
DECLINED: LiteralString = """
    select distinct on (w.fingerprint) w.fingerprint, w.rule, w.rule_type, w.columns,
        coalesce(e.reason, d.reason, 'changed to ' || d.rule) as reason, coalesce(e.corrected_by, d.actor) as actor,
        d.decided_at
    from decisions d join memories e on e.decision_id = d.id left join proposals p on p.id = d.proposal_id
    cross join lateral (
        select coalesce(p.fingerprint, d.fingerprint) as fingerprint, coalesce(p.rule, d.rule) as rule,
            coalesce(p.rule_type, d.rule_type) as rule_type, coalesce(p.columns, d.columns) as columns) w
    where d.dataset_id = %s and coalesce(e.outcome, d.action) in ('reject', 'edit') and e.forgotten_at is null
        and not exists (
            select from dq_rules r where r.dataset_id = d.dataset_id and r.fingerprint = w.fingerprint
                and r.approved_at > d.decided_at)
    order by w.fingerprint, d.decided_at desc
"""


@dataclass(frozen=True)
class Fresh:
    """A decision that is not remembered yet."""

    decision_id: UUID
    dataset_id: UUID
    table: str
    run_id: str | None
    number: int | None
    """Of the proposal; None where the rule was imported."""
    rule: str
    """As it was accepted, or as it was proposed and rejected."""
    columns: tuple[str, ...]
    dimension: str
    decided_at: datetime


@dataclass(frozen=True)
class Note:
    """What to remember of a decision."""

    decision: Fresh
    meaning: str
    """Words for what the rule's columns are: what is compared."""
    form: str = ""
    """What kind of rule it is: only those of the same form are compared where one is asked for."""
    traits: Sequence[dict[str, Any]] = ()
    """Statistics of the columns."""


class Recall:
    """The memory of decisions."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def fresh(self, model: str, run_id: str | None = None) -> list[Fresh]:
        """Decisions, of a run or all, without a vector of an embedding model, the newest first; at most 1,000."""
        rows = self._db.rows(FRESH, {"run_id": run_id, "model": model, "limit": AT_ONCE})
        return [Fresh(**{**row, "columns": tuple(row["columns"])}) for row in rows]

    def remember(self, notes: Sequence[Note], embedder: Embedder) -> int:
        """Remembers decisions, each once per model, and none that was forgotten; how many were new."""
        if not notes:
            return 0
        vectors = _vectors(embedder, [note.meaning for note in notes])
        ids = [note.decision.decision_id for note in notes]
        with self._db.transaction() as connection:
            connection.execute(
                """update memories set traits = w.traits from unnest(%s::uuid[], %s::json[]) as w (decision_id, traits)
                where memories.decision_id = w.decision_id and forgotten_at is null""",
                [ids, [payload(list(note.traits)) for note in notes]],
            )
            columns = [ids, [note.meaning for note in notes], [note.form for note in notes], vectors]
            return len(connection.execute(REMEMBER, [embedder.model, *columns]).fetchall())

    def recall(
        self,
        texts: Sequence[str],
        embedder: Embedder,
        *,
        forms: Sequence[str] | None = None,
        k: int = 5,
        dataset_id: UUID | None = None,
    ) -> list[list[PastRule]]:
        """For each text at most ``k`` decisions whose meaning is likest, the likest first, of one dataset or of all.

        ``forms`` has for each text the form of rules that are looked at; without it, those of all forms are.
        """
        found: list[list[PastRule]] = [[] for _ in texts]
        known = "select 1 from rule_memory where embedding_model = %s limit 1"
        if not texts or not self._db.row(known, [embedder.model]):
            return found  # before anything is embedded: loading a model takes most of a second
        parameters = {
            "vectors": _vectors(embedder, texts),
            "forms": list(forms if forms is not None else [""] * len(texts)),
            "model": embedder.model,
            "k": k,
            "dataset_id": dataset_id,
        }
        for row in self._db.rows(_nearest(forms is not None, dataset_id is not None), parameters):
            found[row["position"] - 1].append(PastRule(**values(row), similarity=row["similarity"]))
        return found

    def declined(self, dataset_id: UUID) -> list[DeclinedRule]:
        """What people rejected or edited on a dataset, and have not accepted since; the newest first.

        What was forgotten is not among them, and what was corrected counts as it was corrected.
        """
        rows = self._db.rows(DECLINED, [dataset_id])
        past = [DeclinedRule(**{**row, "columns": tuple(row["columns"])}) for row in rows]
        return sorted(past, key=lambda rule: rule.decided_at, reverse=True)

    def profile_with(self, dataset_id: UUID, column: str) -> dict[str, Any] | None:
        """The newest stored profile of a dataset that has a column of that name, whatever its case."""
        row = self._db.row(
            """select * from profiles where dataset_id = %(dataset)s and (
                exists (select from json_array_elements(profile -> 'columns') c
                    where lower(c ->> 'name') = lower(%(name)s))
                or exists (select from json_array_elements_text(overflow -> 'columns') c
                    where lower(c) = lower(%(name)s)))
            order by created_at desc limit 1""",
            {"dataset": dataset_id, "name": column},
        )
        return loaded(row).profile if row else None


def _nearest(of_form: bool, of_dataset: bool) -> LiteralString:
    condition: LiteralString = (OF_FORM if of_form else "") + (OF_DATASET if of_dataset else "")
    found: LiteralString = NEAREST.replace("{condition}", condition)
    joined: LiteralString = found + " join (" + REMEMBERED + ") o on o.number = n.memory"
    return joined + " where n.distance < 1 and n.distance <> 'NaN' order by q.position, n.distance, n.memory desc"


def _vectors(embedder: Embedder, texts: Sequence[str]) -> list[str]:
    return [Vector(vector).to_text() for vector in embedder.embed(texts)]
