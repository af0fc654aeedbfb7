"""Scores of an evaluation."""

from tools.validation.scores import Scores, rule_score, score

__all__ = ["Scores", "rule_score", "score"]
