"""The fewest queries that answer what rules ask, and the one place where they go to a table."""
