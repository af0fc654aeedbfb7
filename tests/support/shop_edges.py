"""The column edges of the small dbt project, found by reading its SQL: `target <- source`, by hand."""

from __future__ import annotations

from collections.abc import Iterable

from tools.collecting.model import Found, Skipped

_TABLES = {
    "raw_customers": "shop.main.raw_customers",
    "raw_orders": "shop.main.raw_orders",
    "raw_payments": "shop.main.raw_payments",
    "stg_customers": "shop.main_staging.stg_customers",
    "stg_orders": "shop.main_staging.stg_orders",
    "stg_payments": "shop.main_staging.stg_payments",
    "orders": "shop.main.orders",
    "customers": "shop.main.customers",
    "contacts": "shop.main.contacts",
    "order_log": "shop.main.order_log",
    "customers_over_time": "shop.main_history.customers_over_time",
}
_WRITTEN = """
stg_customers.customer_id <- raw_customers.id IDENTITY
stg_customers.customer_name <- raw_customers.full_name IDENTITY
stg_customers.email <- raw_customers.mail TRANSFORMATION
stg_customers.email_hash <- raw_customers.mail TRANSFORMATION masked
stg_customers.country <- raw_customers.country IDENTITY
stg_orders.order_id <- raw_orders.id IDENTITY
stg_orders.customer_id <- raw_orders.customer IDENTITY
stg_orders.ordered_at <- raw_orders.ordered_at IDENTITY
stg_orders.status <- raw_orders.state IDENTITY
stg_payments.payment_id <- raw_payments.id IDENTITY
stg_payments.order_id <- raw_payments.order_id IDENTITY
stg_payments.method <- raw_payments.way IDENTITY
stg_payments.amount <- raw_payments.cents TRANSFORMATION
orders.order_id <- stg_orders.order_id IDENTITY
orders.customer_id <- stg_orders.customer_id IDENTITY
orders.ordered_at <- stg_orders.ordered_at IDENTITY
orders.status <- stg_orders.status IDENTITY
orders.card_amount <- stg_payments.amount AGGREGATION
orders.card_amount <- stg_payments.method CONDITIONAL
orders.transfer_amount <- stg_payments.amount AGGREGATION
orders.transfer_amount <- stg_payments.method CONDITIONAL
orders.voucher_amount <- stg_payments.amount AGGREGATION
orders.voucher_amount <- stg_payments.method CONDITIONAL
orders.amount <- stg_payments.amount AGGREGATION
orders.* <- stg_payments.order_id JOIN
orders.* <- stg_payments.order_id GROUP_BY
orders.* <- stg_orders.order_id JOIN
customers.customer_id <- stg_customers.customer_id IDENTITY
customers.customer_name <- stg_customers.customer_name IDENTITY
customers.email <- stg_customers.email IDENTITY
customers.email_hash <- stg_customers.email_hash IDENTITY
customers.country <- stg_customers.country IDENTITY
customers.first_order <- orders.ordered_at AGGREGATION
customers.order_count <- orders.order_id AGGREGATION masked
customers.lifetime_value <- orders.amount AGGREGATION
customers.lifetime_value <- orders.amount CONDITIONAL
customers.* <- orders.status FILTER
customers.* <- orders.customer_id JOIN
customers.* <- orders.customer_id GROUP_BY
customers.* <- stg_customers.customer_id JOIN
contacts.address <- customers.email IDENTITY
contacts.address <- stg_customers.customer_name IDENTITY
contacts.region <- customers.country IDENTITY
contacts.region <- stg_customers.country IDENTITY
contacts.* <- customers.order_count FILTER
order_log.order_id <- orders.order_id IDENTITY
order_log.customer_id <- orders.customer_id IDENTITY
order_log.ordered_at <- orders.ordered_at IDENTITY
order_log.amount <- orders.amount IDENTITY
order_log.* <- orders.ordered_at FILTER
order_log.* <- order_log.ordered_at FILTER
customers_over_time.customer_id <- stg_customers.customer_id IDENTITY
customers_over_time.customer_name <- stg_customers.customer_name IDENTITY
customers_over_time.email <- stg_customers.email IDENTITY
customers_over_time.email_hash <- stg_customers.email_hash IDENTITY
customers_over_time.country <- stg_customers.country IDENTITY
"""
FIRST_BUILD = {"order_log.* <- orders.ordered_at FILTER", "order_log.* <- order_log.ordered_at FILTER"}
"""Edges that are there from the second build on, when the incremental model has a table to compare with."""
EDGES = set(_WRITTEN.strip().splitlines())


def told(found: Iterable[Found | Skipped]) -> set[str]:
    """What was found, written as above; unknown tables by their whole names."""
    short = {name: table for table, name in _TABLES.items()}
    return {
        f"{short.get(e.target.dataset.name, e.target.dataset.name)}.{e.target.column}"
        f" <- {short.get(e.source.dataset.name, e.source.dataset.name)}.{e.source.column}"
        f" {e.subtype}{' masked' if e.masking else ''}"
        for one in found
        if isinstance(one, Found)
        for e in one.observed.edges
    }
