"""OpenLineage events: read into what the lineage store takes in, and written."""
