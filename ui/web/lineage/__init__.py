"""The picture of the lineage: what is in it, where it stands, and how it is drawn."""
