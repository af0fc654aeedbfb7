"""The lineage of a small warehouse, and of wide ones: from sources over staging and marts to reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from memory import Memory
from memory.model import Dataset
from tools import lineage
from tools.lineage.observed import (
    ColumnId,
    DatasetId,
    Field,
    JobId,
    Mode,
    Observed,
    ObservedDataset,
    ObservedEdge,
    Owner,
    Tag,
)

SERVER = "postgres://warehouse.shop.example:5432"
BEGAN = datetime(2026, 11, 2, 4, 30, tzinfo=UTC)
SOURCES = {
    "shop.raw.customers": ["customer_id", "email", "full_name", "phone", "country", "created_at"],
    "shop.raw.orders": ["order_id", "customer_id", "ordered_at", "status", "amount", "currency", "coupon"],
    "shop.raw.payments": ["payment_id", "order_id", "method", "amount", "card_last4"],
    "shop.raw.exchange_rates": ["currency", "valid_on", "rate"],
}
PERSONAL = {"email": "email", "full_name": "name", "phone": "phone", "card_last4": "card"}
OWNERS = {"staging": "Data platform", "mart": "Analytics", "report": "Finance"}
JOBS = {
    "shop.staging.stg_customers": """
        create table shop.staging.stg_customers as
        select customer_id, lower(email) as email, full_name, phone, md5(email) as email_hash,
            upper(country) as country, created_at
        from shop.raw.customers where email is not null""",
    "shop.staging.stg_orders": """
        create table shop.staging.stg_orders as
        select o.order_id, o.customer_id, cast(o.ordered_at as date) as order_date, o.status,
            o.amount * r.rate as amount_eur, coalesce(o.coupon, 'none') as coupon
        from shop.raw.orders o
            join shop.raw.exchange_rates r on r.currency = o.currency and r.valid_on = cast(o.ordered_at as date)
        where o.status <> 'test'""",
    "shop.staging.stg_payments": """
        create table shop.staging.stg_payments as
        select payment_id, order_id, method, amount as paid, card_last4 from shop.raw.payments""",
    "shop.mart.dim_customer": """
        create table shop.mart.dim_customer as
        select customer_id, email, full_name, email_hash, country,
            case when country in ('DE', 'AT', 'CH') then 'DACH' else 'other' end as region, created_at
        from shop.staging.stg_customers""",
    "shop.mart.fct_orders": """
        create table shop.mart.fct_orders as
        select o.order_id, o.customer_id, c.region, o.order_date, o.amount_eur,
            sum(p.paid) as paid, o.amount_eur - sum(p.paid) as open_amount, max(p.method) as method
        from shop.staging.stg_orders o
            left join shop.staging.stg_payments p on p.order_id = o.order_id
            join shop.mart.dim_customer c on c.customer_id = o.customer_id
        group by o.order_id, o.customer_id, c.region, o.order_date, o.amount_eur""",
    "shop.mart.customer_value": """
        create table shop.mart.customer_value as
        select c.customer_id, c.email, c.region, count(o.order_id) as orders, sum(o.amount_eur) as lifetime_value,
            rank() over (partition by c.region order by sum(o.amount_eur) desc) as rank_in_region
        from shop.mart.dim_customer c join shop.mart.fct_orders o on o.customer_id = c.customer_id
        group by c.customer_id, c.email, c.region""",
    "shop.report.revenue_by_region": """
        create table shop.report.revenue_by_region as
        select region, order_date, sum(amount_eur) as revenue, sum(open_amount) as open_amount
        from shop.mart.fct_orders group by region, order_date""",
    "shop.report.newsletter_segments": """
        create table shop.report.newsletter_segments as
        select email, email as mail_to, case when lifetime_value > 1000 then 'gold' else 'standard' end as segment
        from shop.mart.customer_value where orders > 0""",
    "shop.report.churn_features": """
        create table shop.report.churn_features as
        select d.email_hash, v.orders, v.lifetime_value, v.rank_in_region, d.country
        from shop.mart.dim_customer d join shop.mart.customer_value v on v.customer_id = d.customer_id""",
}


def column(text: str) -> ColumnId:
    """A column of the warehouse: `mart.fct_orders.paid`."""
    table, _, name = text.rpartition(".")
    return ColumnId(DatasetId(SERVER, f"shop.{table}"), name)


def warehouse() -> Iterator[Observed]:
    """What its jobs do, each as a run of its own on some day."""
    schema: dict[str, list[str]] = dict(SOURCES)
    for number, (table, columns) in enumerate(SOURCES.items()):
        tags = tuple(Tag("pii", PERSONAL[name], name) for name in columns if name in PERSONAL)
        seen = ObservedDataset(DatasetId(SERVER, table), tuple(Field(name, "text") for name in columns), tags)
        yield Observed(BEGAN + timedelta(minutes=number), "catalog", outputs=(seen,))
    for number, (table, sql) in enumerate(JOBS.items()):
        found = lineage.extract(sql, dialect="postgres", schema=schema)
        schema[table] = found.statements[0].targets[table]
        yield _run(table, sql, found, BEGAN + timedelta(hours=1, minutes=number))


def changed() -> Iterator[Observed]:
    """What a later run of one job did: it reads one more column and one less."""
    table = "shop.mart.customer_value"
    sql = JOBS[table].replace("sum(o.amount_eur) as lifetime_value", "sum(o.paid) as lifetime_value")
    schema = {
        name: lineage.extract(text, dialect="postgres").statements[0].targets[name] for name, text in JOBS.items()
    }
    yield _run(table, sql, lineage.extract(sql, dialect="postgres", schema=schema), BEGAN + timedelta(days=14))


def _run(table: str, sql: str, found: lineage.Lineage, at: datetime) -> Observed:
    edges = tuple(
        ObservedEdge(_id(e.source), _id(e.target), e.type, e.subtype, e.masking) for e in found.edges if e.source.column
    )
    owner = (Owner(OWNERS[table.split(".")[1]], "team"),)
    job = JobId("airflow", f"build_{table.rsplit('.', 1)[-1]}")
    return Observed(
        at, "openlineage", job, f"{at:%m%d}-{job.name}", Mode.ACCUMULATE, True, "COMPLETE",
        tuple(ObservedDataset(one) for one in sorted({edge.source.dataset for edge in edges})),
        (ObservedDataset(DatasetId(SERVER, table), owners=owner),), edges, owner,
        raw={"at": str(at), "job": {"name": job.name, "facets": {"sql": {"query": _tidy(sql), "dialect": "postgres"}}}},
    )  # fmt: skip


def _tidy(sql: str) -> str:
    return "\n".join(line.removeprefix("        ") for line in sql.strip("\n").splitlines())


def _id(ref: lineage.ColumnRef) -> ColumnId:
    return ColumnId(DatasetId(SERVER, ref.table), ref.column)


def validated(memory: Memory) -> Dataset:
    """The catalog knows the orders of the mart, and the newest result says that some of its rules fail."""
    fields = [{"name": name, "type": "numeric", "kind": "decimal"} for name in ("order_id", "paid", "open_amount")]
    known = memory.catalog.upsert_dataset(SERVER, "shop.mart.fct_orders", "postgresql://shop/mart.fct_orders", fields)
    run = memory.runs.create(
        kind="validate", goal="Validate it", sources=[known.uri], model="offline", graph_version=1, requested_by="maria"
    )
    rules = [
        _result('ColumnValues "open_amount" >= 0', ["open_amount"], "Failed", 17),
        _result('IsComplete "paid"', ["paid"], "Failed", 204),
        _result('IsUnique "order_id"', ["order_id"], "Passed", None),
    ]
    found = {
        "rows": 18_302,
        "queries": 1,
        "passed": False,
        "rules": rules,
        "statistics": {},
        "problems": [],
        "points": {},
    }
    memory.results.save(run.id, known.id, "v1", found, {"validity": 0.97, "completeness": 0.98}, 0.975)
    return known


def _result(rule: str, columns: list[str], outcome: str, failed: int | None) -> dict:
    reason = f"{failed} of 18,302 rows break it." if failed else "All rows keep it."
    return {
        "rule": rule, "rule_type": rule.split()[0], "columns": columns, "outcome": outcome, "reason": reason,
        "dimension": "validity", "metrics": {}, "failed_rows": failed, "vacuous": False, "examples": [],
    }  # fmt: skip


def wide(columns: int) -> Iterator[Observed]:
    """A table of that many columns, copied twice."""
    names = [f"attribute_{number}" for number in range(columns)]
    for source, target in (("wide.landing", "wide.cleaned"), ("wide.cleaned", "wide.served")):
        yield _declared(target, [(f"{source}.{name}", f"{target}.{name}") for name in names])


def hub(columns: int, tables: int) -> Iterator[Observed]:
    """One column of which that many are made, in that many tables."""
    for table in range(tables):
        mine = range(table, columns, tables)
        yield _declared(
            f"hub.mart_{table}", [("hub.calendar.day", f"hub.mart_{table}.day_{number}") for number in mine]
        )


def _declared(target: str, pairs: Iterable[tuple[str, str]]) -> Observed:
    edges = tuple(ObservedEdge(column(a), column(b)) for a, b in pairs)
    return Observed(BEGAN, "sql", JobId("sql", f"build {target}"), mode=Mode.REPLACE, edges=edges)
