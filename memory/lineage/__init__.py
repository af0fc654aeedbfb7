"""Column lineage over time. :class:`memory.lineage.store.LineageStore` is the door."""
