"""The country's businesses, invented: valid tax codes no real taxpayer holds, and how unevenly they file.

Tax codes begin with 9, which no province's block does, so no invented business carries a real one's code. Those of
large businesses begin with 99: whoever sees the code knows what its owner hears.
"""

from itertools import accumulate
from random import Random
from typing import NamedTuple

from nsw_procedures.tax_code import check_digit

NATIONAL_BUSINESSES = 49_500

# Weight of the business of rank r: (r + shift) ** -exponent (Zipf-Mandelbrot). Fitted so that the top 1 % of
# 49,500 file three quarters of all dossiers, while the largest alone files some 3 %.
_SKEW_EXPONENT = 1.305
_SKEW_SHIFT = 10
_LARGE_BEGIN = "99"
_LARGE_IN = 100  # one business in a hundred is large: it takes its notices in batches

_TRADES = ("Thương mại", "Xuất nhập khẩu", "Dược phẩm", "Nông sản", "Thủy sản", "Vận tải", "Thiết bị y tế")
_NAMES = ("An", "Bình", "Cường", "Đại", "Hưng", "Khang", "Long", "Minh", "Nam", "Phát", "Thành", "Việt")
_SURNAMES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi")
_CITIES = ("Hà Nội", "Hải Phòng", "Đà Nẵng", "Cần Thơ", "TP. Hồ Chí Minh", "Bình Dương", "Đồng Nai")


class Business(NamedTuple):
    """A declarant. `large`: it subscribes to every change in batches; others to final ones, one at a time."""

    tax_code: str
    name: str
    large: bool
    contact: dict[str, str]


def businesses(seed: int, count: int = NATIONAL_BUSINESSES) -> tuple[Business, ...]:
    """`count` businesses with distinct tax codes, the most active first; the same for the same seed."""
    rng = Random(f"businesses {seed}")
    large = max(1, count // _LARGE_IN)
    found: list[Business] = []
    taken: set[str] = set()
    while len(found) < count:
        is_large = len(found) < large
        nine = f"{_LARGE_BEGIN if is_large else 90 + rng.randrange(9)}{rng.randrange(10**7):07d}"
        check = check_digit(nine)
        if check is None or nine in taken:
            continue
        taken.add(nine)
        found.append(_business(rng, f"{nine}{check}", large=is_large))
    return tuple(found)


def hears_everything(tax_code: str) -> bool:
    """Whether the business of this tax code is large, and so hears every change."""
    return tax_code.startswith(_LARGE_BEGIN)


def cumulative_weights(count: int) -> list[float]:
    """Running sums of the weights of `count` businesses, as `random.choices` takes them."""
    return list(accumulate((rank + _SKEW_SHIFT) ** -_SKEW_EXPONENT for rank in range(1, count + 1)))


def _business(rng: Random, tax_code: str, *, large: bool) -> Business:
    form = "Công ty Cổ phần" if large else "Công ty TNHH"
    return Business(
        tax_code,
        f"{form} {rng.choice(_TRADES)} {rng.choice(_NAMES)} {rng.choice(_NAMES)}",
        large,
        {
            "name": f"{rng.choice(_SURNAMES)} {rng.choice(_NAMES)} {rng.choice(_NAMES)}",
            "phone": f"+84 24 0000 {rng.randrange(10_000):04d}",  # a block no subscriber has
            "email": f"xnk@dn{tax_code}.example",
            "address": f"Số {rng.randrange(1, 500)}, đường {rng.choice(_NAMES)} {rng.choice(_NAMES)}, "
            f"{rng.choice(_CITIES)}",
        },
    )
