"""JSON from outside, read so that nothing in it can hurt: size and depth are known before it is parsed.

Refused: other than UTF-8, duplicate keys, NaN and Infinity, numbers that would become it, NUL, lone surrogates.
"""

import json
import re
from math import isinf
from typing import Any, Final, NoReturn

from nsw_contracts.adapter.errors import Unreadable

DEEPEST: Final = 64
_TOKENS: Final = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
"""Strings and brackets. A string that never ends is a match too: else each quote in it would be tried again, in
quadratic time."""


def read_json(body: bytes, *, largest: int, deepest: int = DEEPEST) -> Any:
    """The JSON value of a body of at most `largest` bytes and `deepest` levels.

    Raises:
        Unreadable: it is none that may be used; the text says why, and repeats nothing of it.
    """
    if len(body) > largest:
        raise Unreadable(f"larger than {largest:,} bytes")
    if _deeper(body, deepest):
        raise Unreadable(f"deeper than {deepest} levels")
    try:
        text = body.decode()
        value = _DECODER.decode(text)
    except UnicodeDecodeError:
        raise Unreadable("not UTF-8") from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"no JSON at character {error.pos}") from None
    except ValueError as error:
        raise Unreadable(str(error)) from None
    if "\\" in text or "\x00" in text:
        _refuse_unstorable(value)
    return value


def _deeper(body: bytes, deepest: int) -> bool:
    """Whether brackets outside of strings go deeper than this."""
    level = 0
    for token in _TOKENS.finditer(body):
        if (first := body[token.start()]) in b"[{":
            level += 1
            if level > deepest:
                return True
        elif first in b"]}":
            level -= 1
    return False


def _refuse_unstorable(value: Any) -> None:
    """Escapes can write what no database stores."""
    if isinstance(value, str):
        if "\x00" in value:
            raise Unreadable("holds NUL")
        if any("\ud800" <= each <= "\udfff" for each in value):
            raise Unreadable("holds half of a surrogate pair")
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_unstorable(key)
            _refuse_unstorable(item)
    elif isinstance(value, list):
        for item in value:
            _refuse_unstorable(item)


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        raise ValueError("an object names a key twice")
    return found


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise ValueError("a number is too large")
    return number


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_finite)
