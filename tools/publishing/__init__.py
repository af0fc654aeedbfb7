"""Brings what was validated to where it belongs: trusted or quarantine. Files on disk and on S3, Iceberg branches."""
