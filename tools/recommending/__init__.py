"""Rules that the statistics of a table speak for, and what its columns are."""

from tools.recommending.candidate import Candidate
from tools.recommending.engine import candidates, worth
from tools.recommending.semantics import semantics

__all__ = ["Candidate", "candidates", "semantics", "worth"]
