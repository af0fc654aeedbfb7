"""Lineage of a dbt project, from the files that dbt leaves in `target/`."""
