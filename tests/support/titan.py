"""Amazon Titan Text Embeddings V2 as its page in the user guide describes it: one text in, one vector out.

Texts with words in common get similar vectors, so that recall can be tested; nothing else about them is like Titan's.
"""

from __future__ import annotations

import hashlib
import math
import re
from typing import Any

from tests.support.bedrock_replies import Failure

MODEL = "amazon.titan-embed-text-v2:0"
DIMENSIONS = {256, 512, 1024}
MOST_CHARACTERS = 50_000


def embedding(request: dict[str, Any]) -> dict[str, Any] | Failure:
    """The answer to one InvokeModel."""
    if request["modelId"] != MODEL:
        return Failure("ResourceNotFoundException", f"Could not resolve the model {request['modelId']}.")
    text, dimensions = request.get("inputText"), request.get("dimensions", 1024)
    unknown = request.keys() - {"modelId", "inputText", "dimensions", "normalize", "embeddingTypes"}
    if unknown or dimensions not in DIMENSIONS or not isinstance(text, str) or not text:
        return Failure("ValidationException", "Malformed input request, please reformat your input and try again.")
    if len(text) > MOST_CHARACTERS:
        return Failure("ValidationException", f"400 Bad Request: Too many input characters. Max {MOST_CHARACTERS}.")
    words = re.findall(r"\w+", text.lower()) or [text]
    vector = [0.0] * dimensions
    for word in words:
        digest = hashlib.sha256(word.encode()).digest()
        for start in range(0, 32, 4):
            number = int.from_bytes(digest[start : start + 4])
            vector[number % dimensions] += 1.0 if number & 1 << 31 else -1.0
    norm = math.hypot(*vector) if request.get("normalize", True) else 1.0
    return {"embedding": [x / (norm or 1.0) for x in vector], "inputTextTokenCount": len(words)}
