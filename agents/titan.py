"""Vectors of texts from Amazon Titan Text Embeddings V2 on Bedrock."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from agents.model_errors import ModelError, model_call
from agents.models import bedrock_client

TITAN = "amazon.titan-embed-text-v2:0"
DIMENSIONS = (1024, 512, 256)
"""Numbers in a vector; the first is the default."""
AT_ONCE = 8
LONGEST_TEXT = 20_000
"""Characters. Titan takes 8,192 tokens; the texts of rules have some dozens."""
WAY_OUT = "Or set ASSAY_EMBEDDINGS=wordllama, which calls no service."


class TitanEmbedder:
    """Calls InvokeModel, which takes one text at a time: several are sent at once, and each different one once."""

    def __init__(self, dimensions: int = DIMENSIONS[0]) -> None:
        """Looks up credentials and region. Raises ModelError."""
        self._dimensions = dimensions
        self._client = bedrock_client()

    @property
    def model(self) -> str:
        """The id of the model and the length of its vectors."""
        return f"{TITAN}/{self._dimensions}"

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector of norm 1 per text, all zeros for a blank one, which Titan refuses. Raises ModelError."""
        wanted = list(dict.fromkeys(text for text in texts if text.strip()))
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="titan") as pool:
            vectors = dict(zip(wanted, pool.map(self._vector, wanted), strict=True))
        return [list(vectors.get(text, [0.0] * self._dimensions)) for text in texts]

    def _vector(self, text: str) -> list[float]:
        request = {"inputText": text[:LONGEST_TEXT], "dimensions": self._dimensions, "normalize": True}
        try:
            with model_call():
                answer: Any = self._client.invoke_model(modelId=TITAN, body=json.dumps(request))
                vector = json.loads(answer["body"].read())["embedding"]
        except ModelError as error:
            raise ModelError(error.message, hint=f"{error.hint} {WAY_OUT}") from error.__cause__
        return [float(number) for number in vector]
