"""Vietnamese tax codes: ten digits, the last checks the others; branches add a hyphen and three digits."""

import re
from functools import lru_cache

_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)
_MODULUS = 11
_TAX_CODE = re.compile(r"([0-9]{9})([0-9])(?:-[0-9]{3})?", re.ASCII)
_NINE_DIGITS = re.compile(r"[0-9]{9}", re.ASCII)


def check_digit(nine: str) -> int | None:
    """The tenth digit for the first nine; None where no tax code begins with these nine digits.

    It is 10 minus the weighted sum modulo 11; where that gives 10, which is no digit, no number is issued.

    Raises:
        ValueError: `nine` is not nine ASCII digits.
    """
    if not _NINE_DIGITS.fullmatch(nine):
        raise ValueError(f"a tax code's check digit is computed over nine digits, not over {nine!r}")
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, nine, strict=True))
    check = 10 - total % _MODULUS
    return None if check == 10 else check  # noqa: PLR2004 (ten is the first number that is no digit)


@lru_cache(maxsize=1 << 16)  # a few businesses file most dossiers
def is_tax_code(text: str) -> bool:
    """Whether `text` is `NNNNNNNNNC` or, for a branch, `NNNNNNNNNC-NNN`, with a right check digit C."""
    match = _TAX_CODE.fullmatch(text)
    return match is not None and check_digit(match[1]) == int(match[2])
