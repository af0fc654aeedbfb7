"""Quality metrics as a star schema: facts by day and dimensions, in Parquet, with the SQL to read them."""
