"""Text that people wrote, made fit for every format that shows it.

Names, sentences and predicates may hold anything. What no format can hold is left out
once, when the tree is built; what a format could misread, its renderer escapes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

_SPACE = re.compile(r"\s+")
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def clean(found: Any) -> str:
    """A value as one line of text: whitespace, line breaks too, is one space.

    Nothing is empty. Control characters, lone surrogates and what XML forbids are left
    out; nothing else is changed.
    """
    return "" if found is None else printable(_SPACE.sub(" ", str(found)).strip())


def printable(text: str) -> str:
    """The text without what no format holds; line breaks stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character
        for character in text
        if character in "\n\t"
        or (
            unicodedata.category(character) not in ("Cc", "Cs")
            and character not in "\ufffe\uffff"
        )
    )


def plain(found: Any) -> Any:
    """A value of YAML as one of JSON: keys in order, every text printable."""
    if isinstance(found, Mapping):
        keys = sorted(found, key=str)
        return {printable(str(key)): plain(found[key]) for key in keys}
    if isinstance(found, (list, tuple)):
        return [plain(item) for item in found]
    if found is None or isinstance(found, (bool, int, float)):
        return found
    return printable(str(found))


def short(text: str, most: int) -> str:
    """The text, cut with an ellipsis where it is longer."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def plain_order(text: str) -> str:
    """The text without the marks that turn the writing direction of what follows."""
    return _DIRECTIONS.sub("", text)
