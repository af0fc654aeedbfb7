"""Whether the numbers in a reasoning stand in the evidence. Checked by code, because a model may make them up.

``numerals`` reads the numbers of a sentence, ``topics`` what each is said of, ``facts`` holds what was measured, and
``check`` puts them together.
"""
