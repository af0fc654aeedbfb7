"""Texts as vectors, so that similar rules are found again."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol


class Embedder(Protocol):
    """Makes vectors of texts. Vectors of different models are never compared."""

    @property
    def model(self) -> str:
        """A name that is stored with each vector; changes whenever the vectors would."""

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector per text, all of the same length and of norm 1, or 0 where a text says nothing."""


class WordLlamaEmbedder:
    """Static word vectors, 256 numbers, from weights that come with the ``wordllama`` package; needs no network."""

    model = "wordllama-l2-supercat-256"

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector per text. Texts that differ only in case, or in snake case against words, are the same."""
        if not texts:
            return []
        vectors = self._model.embed([_words(text) for text in texts], norm=False).tolist()
        return [_normalized(vector) for vector in vectors]

    @cached_property
    def _model(self) -> Any:
        # Takes most of a second, hence on first use. Its tokenizer is looked for in the cache folder only.
        from wordllama import WordLlama

        spec = importlib.util.find_spec("wordllama")
        assert spec
        assert spec.origin
        return WordLlama.load(cache_dir=Path(spec.origin).parent, disable_download=True)


def _words(text: str) -> str:
    return text.replace("_", " ").lower()


def _normalized(vector: list[float]) -> list[float]:
    norm = math.sqrt(sum(number * number for number in vector))
    return [number / norm for number in vector] if norm > 0 else [0.0] * len(vector)
