"""The language: text to syntax tree and back, what it says wrong, and what is odd in it."""
