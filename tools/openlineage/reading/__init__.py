"""OpenLineage events as what the lineage store takes in: `event.read`, and `body` for events that come as bytes."""
