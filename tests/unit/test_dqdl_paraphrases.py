"""Whatever words, bounds, filters and composites are tried, a rejected rule stays away; other rules do not."""

import re

import pytest

from tests.support.paraphrases import KINDS, disguised, named
from tools.dqdl import parse_rule
from tools.dqdl.language.ideas import implies, said
from tools.dqdl.language.signatures import SIGNATURES

RENAMED = {"a": "Zeta", "b": "aa"}
"""Their order by name is another one."""
ABOUT_COLUMNS = [kind for kind in KINDS if "->" not in kind.rejected and "s3:" not in kind.rejected]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.rejected)
def test_a_rejected_rule_stays_away_and_others_do_not(kind):
    refused = said(parse_rule(kind.rejected))
    for again in (kind.rejected, *kind.again):
        for rule in disguised(again):
            assert implies(said(parse_rule(rule)), refused), rule
    for another in kind.another:
        assert not implies(said(parse_rule(another)), refused), another


@pytest.mark.parametrize("kind", ABOUT_COLUMNS, ids=lambda kind: kind.rejected)
def test_nor_does_it_come_back_for_columns_of_other_names(kind):
    refused = said(parse_rule(kind.rejected), RENAMED)
    for again in (kind.rejected, *kind.again):
        assert implies(said(parse_rule(named(again, RENAMED))), refused), named(again, RENAMED)
    for another in kind.another:
        assert not implies(said(parse_rule(named(another, RENAMED))), refused), named(another, RENAMED)


def test_a_renamed_column_is_known_in_pairs_of_columns():
    refused = said(parse_rule('DatasetMatch "other" "a->x,b" = 1'), RENAMED)
    assert implies(said(parse_rule('DatasetMatch "other" "aa->b,zeta->x" > 0.5')), refused)
    assert not implies(said(parse_rule('DatasetMatch "other" "b,a->x" > 0.5')), refused)


def test_it_is_tried_on_every_kind_of_rule_and_often():
    tried = {
        word for kind in KINDS for word in re.findall(r"\b[A-Z]\w+(?= |$)", " ".join((kind.rejected, *kind.again)))
    }
    assert {name for name, signature in SIGNATURES.items() if signature.rule} <= tried
    assert sum(1 for kind in KINDS for again in kind.again for _ in disguised(again)) > 400
    assert sum(len(kind.another) for kind in KINDS) > 80
