"""Lineage from the logs of servers: which statements wrote what."""
