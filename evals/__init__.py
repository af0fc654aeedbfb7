"""Measurements of Assay: benchmarks, and later the harness that measures models."""
