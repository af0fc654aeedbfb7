"""The Data Quality Definition Language: read it, print it, and evaluate it on any source."""

from tools.dqdl.errors import DqdlError
from tools.dqdl.identity import fingerprint, shape
from tools.dqdl.model import Analyzer, Composite, Rule, Ruleset, TopRule, quote
from tools.dqdl.parser import parse, parse_rule

__all__ = [
    "Analyzer",
    "Composite",
    "DqdlError",
    "Rule",
    "Ruleset",
    "TopRule",
    "fingerprint",
    "parse",
    "parse_rule",
    "quote",
    "shape",
]
