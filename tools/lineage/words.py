"""Lists of words, as they are read best: in one string."""


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())
