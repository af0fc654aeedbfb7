"""Metrics of earlier evaluations, and what is to be expected of the next one."""
