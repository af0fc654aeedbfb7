"""Which model makes the vectors by which past decisions are found again: Titan on Bedrock, or word vectors on board."""

from __future__ import annotations

import os
from functools import cache

from agents.models import model_name
from memory.embedding import Embedder, WordLlamaEmbedder


def embedder() -> Embedder:
    """What ASSAY_EMBEDDINGS names: `wordllama`, `titan` or `titan:<dimensions>`; else Titan if ASSAY_MODEL is Bedrock.

    It is a setting of the installation, not of a run: vectors of different models are never compared, so all runs
    that share a memory have to make them alike. Raises ModelError for an unknown name, or without AWS credentials.
    """
    return _made(_name())


def _name() -> str:
    given = os.environ.get("ASSAY_EMBEDDINGS", "").strip().lower()
    if given:
        return given
    return "titan" if model_name().startswith("bedrock:") else "wordllama"


@cache
def _made(name: str) -> Embedder:
    """Built once: the weights on board take most of a second to load, a client of AWS a third of one."""
    if name == "wordllama":
        return WordLlamaEmbedder()
    from agents import titan
    from agents.model_errors import ModelError

    known = {f"titan:{dimensions}": dimensions for dimensions in titan.DIMENSIONS} | {"titan": titan.DIMENSIONS[0]}
    if name not in known:
        raise ModelError(
            f"ASSAY_EMBEDDINGS: {name!r} names no embedding model.", hint=f"Use wordllama, {', '.join(known)}."
        )
    return titan.TitanEmbedder(known[name])
