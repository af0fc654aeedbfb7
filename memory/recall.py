"""What people decided before, found again by likeness: it shapes what is proposed next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import LiteralString
from uuid import UUID

from pgvector import Vector

from memory.db import Database
from memory.embedding import Embedder
from memory.model import DeclinedRule, PastRule

PAST_FIELDS = [field.name for field in fields(PastRule)]

FORGOTTEN: LiteralString = """
    select d.id, p.number, p.rule, p.columns, p.dimension, s.short_name
    from decisions d join proposals p on p.id = d.proposal_id join datasets s on s.id = p.dataset_id
    where p.run_id = %s and not exists (
        select from rule_memory m where m.decision_id = d.id and m.embedding_model = %s)
    order by p.number
"""
# An exact scan: at the tens of thousands of rules that people decide about it takes milliseconds, while an index
# would filter after its search and so come back with too few.
NEAREST: LiteralString = """
    select q.position, n.* from unnest(%(vectors)s::vector[]) with ordinality as q (vector, position)
    cross join lateral (
        select p.dataset_id, s.short_name as "table", p.rule as proposed, d.rule,
            coalesce(d.rule_type, p.rule_type) as rule_type, coalesce(d.columns, p.columns) as columns,
            coalesce(d.dimension, p.dimension) as dimension, coalesce(d.fingerprint, p.fingerprint) as fingerprint,
            d.action as outcome, d.reason, d.actor, d.decided_at, m.meaning,
            1 - (m.embedding <=> q.vector) as similarity
        from rule_memory m join decisions d on d.id = m.decision_id
            join proposals p on p.id = d.proposal_id join datasets s on s.id = p.dataset_id
        where m.embedding_model = %(model)s and (%(dataset_id)s::uuid is null or p.dataset_id = %(dataset_id)s)
        order by m.embedding <=> q.vector, d.decided_at desc limit %(k)s
    ) n
    where n.similarity > 0 and n.similarity <> 'NaN' order by q.position, n.similarity desc
"""


class Recall:
    """The memory of decisions."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def remember(self, run_id: str, embedder: Embedder, meanings: Mapping[int, str] | None = None) -> int:
        """Remembers what was decided in a run, each decision once per model; how many were new.

        ``meanings`` says by proposal number what the rule and its columns are about, which is what is compared later;
        without one it is made of the table's name, the columns, the dimension and the rule.
        """
        rows = self._db.rows(FORGOTTEN, [run_id, embedder.model])
        if not rows:
            return 0
        texts = [
            (meanings or {}).get(r["number"]) or meaning(r["short_name"], r["columns"], r["dimension"], r["rule"])
            for r in rows
        ]
        self._db.rows(
            """insert into rule_memory (decision_id, meaning, embedding, embedding_model)
            select *, %s from unnest(%s::uuid[], %s::text[], %s::vector[])
            on conflict (decision_id, embedding_model) do nothing returning id""",
            [embedder.model, [row["id"] for row in rows], texts, _vectors(embedder, texts)],
        )
        return len(rows)

    def recall(
        self, texts: Sequence[str], embedder: Embedder, *, k: int = 5, dataset_id: UUID | None = None
    ) -> list[list[PastRule]]:
        """For each text at most ``k`` decisions about the likest rules, the likest first, of one dataset or of all."""
        if not texts:
            return []
        found: list[list[PastRule]] = [[] for _ in texts]
        if not self._db.row("select 1 from rule_memory where embedding_model = %s limit 1", [embedder.model]):
            return found  # before anything is embedded: loading a model takes most of a second
        vectors = _vectors(embedder, texts)
        parameters = {"vectors": vectors, "model": embedder.model, "k": k, "dataset_id": dataset_id}
        for row in self._db.rows(NEAREST, parameters):
            values = {name: row[name] for name in PAST_FIELDS} | {"columns": tuple(row["columns"])}
            found[row["position"] - 1].append(PastRule(**values))
        return found

    def declined(self, dataset_id: UUID) -> list[DeclinedRule]:
        """What people rejected or edited on a dataset, and have not accepted since; the newest first."""
        rows = self._db.rows(
            """select distinct on (p.fingerprint) p.fingerprint, p.rule, p.rule_type, p.columns,
                coalesce(d.reason, 'changed to ' || d.rule) as reason, d.actor,
                d.decided_at
            from decisions d join proposals p on p.id = d.proposal_id
            where p.dataset_id = %s and d.action in ('reject', 'edit') and not exists (
                select from dq_rules r where r.dataset_id = p.dataset_id and r.fingerprint = p.fingerprint
                    and r.approved_at > d.decided_at)
            order by p.fingerprint, d.decided_at desc""",
            [dataset_id],
        )
        past = [DeclinedRule(**{**row, "columns": tuple(row["columns"])}) for row in rows]
        return sorted(past, key=lambda rule: rule.decided_at, reverse=True)


def meaning(table: str, columns: Sequence[str], dimension: str, rule: str) -> str:
    """What a rule is about, in words that compare well."""
    return f"{table} {' '.join(columns)}: {dimension}, {rule}"


def _vectors(embedder: Embedder, texts: Sequence[str]) -> list[str]:
    return [Vector(vector).to_text() for vector in embedder.embed(texts)]
