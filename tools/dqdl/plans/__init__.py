"""What a rule asks of the data, as trees of SQL that belong to no engine."""
