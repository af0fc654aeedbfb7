"""What a run may spend, from the options of a command or the environment."""

from __future__ import annotations

import os
from decimal import Decimal, InvalidOperation

from agents.metering import OFFLINE
from agents.model_errors import ModelError
from agents.prices import price
from memory.usage import Budget


def budget(model: str, usd: float | None = None, tokens: int | None = None) -> Budget:
    """The budget of a run on a model: what is given, else ASSAY_BUDGET_USD and ASSAY_BUDGET_TOKENS, else none.

    Raises ModelError for what is no amount, and for dollars when the model has no known price.
    """
    dollars = _amount("ASSAY_BUDGET_USD", usd)
    counted = _amount("ASSAY_BUDGET_TOKENS", tokens)
    if counted is not None and counted % 1:
        raise ModelError(f"A budget of {counted} tokens is not a whole number.", hint="Give a whole number.")
    if dollars is not None and model != OFFLINE and price(model) is None:
        raise ModelError(
            f"No price is known for {model}, so a budget in dollars cannot be kept.",
            hint="Give --budget-tokens instead, or the price in a file that ASSAY_PRICES names (docs/models.md).",
        )
    return Budget(dollars, None if counted is None else int(counted))


def _amount(variable: str, given: float | None) -> Decimal | None:
    text = str(given) if given is not None else os.environ.get(variable, "").strip()
    if not text:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or amount <= 0:
        raise ModelError(f"A budget of {text!r} is no amount.", hint=f"Give a positive number, or unset {variable}.")
    return amount
