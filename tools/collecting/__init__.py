"""Where lineage is read from: dbt projects, SQL files, views of databases, query logs, files of events.

Each collector gives :class:`~tools.collecting.model.Found` for every job that it read, and says what it skipped.
`tools.collecting.places.collector` finds out which one a place needs.
"""
