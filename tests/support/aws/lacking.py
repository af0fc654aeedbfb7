"""What the real engines do not have, though those that stand in for them do."""

from __future__ import annotations

from sqlglot import exp

_LACKING: dict[str, tuple[type[exp.Expr], ...]] = {
    "athena": (exp.Collate, exp.ILike, exp.PercentileCont, exp.Median),
    "redshift": (exp.Collate, exp.Corr, exp.Filter, exp.NullSafeEQ, exp.Array, exp.Unnest, exp.CountIf),
}


def lacking(tree: exp.Expr, dialect: str) -> str | None:
    """What a query asks for that the engine lacks; None when there is nothing."""
    for node in tree.walk():
        if isinstance(node, _LACKING[dialect]):
            return f"{node.key} does not exist"
        if isinstance(node, exp.Concat):
            count = len(node.expressions)
            if count != 2 if dialect == "redshift" else count < 2:
                return f"concat of {count} arguments does not exist"
        if dialect == "athena" and isinstance(node, exp.MD5 | exp.MD5Digest) and not _bytes(node.this):
            return "md5(varchar) does not exist"
    return None


def _bytes(node: exp.Expr) -> bool:
    return isinstance(node, exp.Encode) or node.name.upper() == "TO_UTF8"
