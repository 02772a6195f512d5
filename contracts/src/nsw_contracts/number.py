"""The dossier number: twelve digits that the window gives (Decree 85/2019, article 13).

`YY` + nine digits of a yearly serial + one check digit by ISO/IEC 7064, MOD 11,10. That standard's digit catches every
single wrong digit and nearly every swap of two. Twelve is the longest `NSWFileCode` that ministries' messages allow.
"""

import re
from typing import Final

NUMBER_LENGTH: Final = 12
SERIAL_LIMIT: Final = 10**9
_DIGITS: Final = re.compile(r"[0-9]{12}")


def check_digit(digits: str) -> int:
    """The ISO/IEC 7064 MOD 11,10 check digit of a string of decimal digits."""
    product = 10
    for digit in digits:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10


def dossier_number(year: int, serial: int) -> str:
    """The number of the `serial`-th dossier (0 to 999,999,999) of a calendar `year`.

    Raises:
        ValueError: the serial does not fit in nine digits.
    """
    if not 0 <= serial < SERIAL_LIMIT:
        raise ValueError(f"serial {serial} is outside 0..{SERIAL_LIMIT - 1}: a year's dossier numbers are used up")
    body = f"{year % 100:02d}{serial:09d}"
    return f"{body}{check_digit(body)}"


def is_dossier_number(text: str) -> bool:
    """Whether `text` is twelve digits whose last one is right."""
    return _DIGITS.fullmatch(text) is not None and check_digit(text[:-1]) == int(text[-1])
