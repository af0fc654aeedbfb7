"""Benchmarks: ratios against a baseline that runs beside."""
