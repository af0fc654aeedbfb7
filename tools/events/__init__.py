"""How data is noticed when it lands: events of AWS and of others, folders, buckets and Iceberg tables."""
