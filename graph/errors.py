"""Errors of runs that a person can act on."""

from tools.errors import AssayError


class RunError(AssayError):
    """A run that cannot go on, or a request that does not fit the state of a run."""
