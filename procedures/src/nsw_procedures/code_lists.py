"""The code lists a form is checked against, and the JSON Schema formats that check it.

A list holds only codes its standard has; its names are for people to read. Lists are read once from `data/` and
read-only. Sources and licences: `procedures/SOURCES.md`.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final, NamedTuple

from nsw_procedures.catalogue import hs_codes
from nsw_procedures.tax_code import is_tax_code


class Country(NamedTuple):
    """A country or territory of ISO 3166-1, by its two letters."""

    code: str
    name_en: str
    name_vi: str


class Currency(NamedTuple):
    """Money of ISO 4217; `minor_units` are the digits after its point (VND 0, USD 2)."""

    code: str
    name_en: str
    minor_units: int


class Measure(NamedTuple):
    """A unit of measure of UN/ECE Recommendation 20 (`KGM`)."""

    code: str
    name_en: str
    name_vi: str


class Port(NamedTuple):
    """A place of UN/LOCODE (`VNHPH`); its kinds are among `sea`, `river`, `offshore`, `inland` and `air`."""

    code: str
    name_en: str
    name_vi: str
    kinds: frozenset[str]

    @property
    def country(self) -> str:
        """The two letters of its country."""
        return self.code[:2]


class BorderGate(NamedTuple):
    """A land border gate of Vietnam, by a slug of ours (`moc-bai`); `ways` are among `road`, `rail` and `river`."""

    slug: str
    name_en: str
    name_vi: str
    neighbour: str
    ways: frozenset[str]


@cache
def countries() -> Mapping[str, Country]:
    """All 249 countries and territories by code."""
    return MappingProxyType({row["code"]: Country(**row) for row in _rows("countries.csv")})


@cache
def currencies() -> Mapping[str, Currency]:
    """The active currencies and funds by code; without metals, units of account, test codes and `XXX`."""
    return MappingProxyType(
        {row["code"]: Currency(row["code"], row["name_en"], int(row["minor_units"])) for row in _rows("currencies.csv")}
    )


@cache
def units() -> Mapping[str, Measure]:
    """The units of measure usual in trade by code; a part of Recommendation 20."""
    return MappingProxyType({row["code"]: Measure(**row) for row in _rows("units.csv")})


@cache
def ports() -> Mapping[str, Port]:
    """Vietnam's ports, airports and inland depots and the main foreign ports by code; a part of UN/LOCODE."""
    return MappingProxyType(
        {
            row["code"]: Port(row["code"], row["name_en"], row["name_vi"], frozenset(row["kinds"].split()))
            for row in _rows("ports.csv")
        }
    )


@cache
def border_gates() -> Mapping[str, BorderGate]:
    """Vietnam's main land border gates by slug, from the north down."""
    return MappingProxyType(
        {
            row["slug"]: BorderGate(
                row["slug"], row["name_en"], row["name_vi"], row["neighbour"], frozenset(row["ways"].split())
            )
            for row in _rows("border_gates.csv")
        }
    )


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (files(__package__) / "data" / name).open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


_HS: Final = re.compile(r"[0-9]{6}(?:[0-9]{2}){0,2}")
_DECIMAL: Final = re.compile(r"(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,6})?")
_IMO: Final = re.compile(r"(?:IMO )?([1-9][0-9]{6})")


def _is_hs_code(text: str) -> bool:
    return _HS.fullmatch(text) is not None and text[:6] in hs_codes()


def _is_decimal(text: str) -> bool:
    return _DECIMAL.fullmatch(text) is not None and any(digit in text for digit in "123456789")


def _is_imo_number(text: str) -> bool:
    """IMO resolution A.1117(30): six digits weighted 7 to 2; the last digit of their sum is the seventh."""
    match = _IMO.fullmatch(text)
    if match is None:
        return False
    digits = [int(digit) for digit in match[1]]
    return sum(weight * digit for weight, digit in zip(range(7, 1, -1), digits[:6], strict=True)) % 10 == digits[6]


FORMATS: Final[Mapping[str, Callable[[str], bool]]] = MappingProxyType(
    {
        "hs-code": _is_hs_code,
        "country": lambda text: text in countries(),
        "currency": lambda text: text in currencies(),
        "unit": lambda text: text in units(),
        "port": lambda text: text in ports(),
        "tax-code": is_tax_code,
        "decimal": _is_decimal,
        "imo-number": _is_imo_number,
    }
)
"""JSON Schema `format` names a form may use, each with its check of a text. A check never raises."""

FORMAT_SAYS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "hs-code": (
            "mã HS gồm 6, 8 hoặc 10 chữ số, sáu số đầu là một phân nhóm của Hệ thống hài hòa, ví dụ 020130",
            "an HS code of 6, 8 or 10 digits whose first six are a subheading of the Harmonized System such as 020130",
        ),
        "country": (
            "mã nước hai chữ cái theo ISO 3166, ví dụ VN",
            "a two-letter ISO 3166 country code such as VN",
        ),
        "currency": (
            "mã tiền tệ ba chữ cái theo ISO 4217, ví dụ USD",
            "a three-letter ISO 4217 currency code such as USD",
        ),
        "unit": (
            "mã đơn vị đo theo Khuyến nghị 20 của UN/ECE, ví dụ KGM (kilôgam)",
            "a unit code of UN/ECE Recommendation 20 such as KGM (kilogram)",
        ),
        "port": (
            "mã cảng, sân bay hoặc cảng cạn theo UN/LOCODE gồm năm ký tự viết liền, ví dụ VNHPH (Hải Phòng)",
            "a UN/LOCODE of a port, airport or inland depot in five characters such as VNHPH (Hai Phong)",
        ),
        "tax-code": (
            "mã số thuế 10 chữ số, chi nhánh thêm dấu gạch và ba chữ số, ví dụ 0300588569 hoặc 0300588569-001",
            "a tax code of 10 digits, for a branch with a hyphen and three more, such as 0300588569 or 0300588569-001",
        ),
        "decimal": (
            "số thập phân lớn hơn 0 viết dưới dạng chuỗi, tối đa 12 chữ số và 6 chữ số sau dấu chấm, ví dụ 1250.5",
            "a decimal number above zero as text, up to 12 digits and 6 after the point, such as 1250.5",
        ),
        "imo-number": (
            "số IMO của tàu gồm 7 chữ số, số cuối là số kiểm tra, ví dụ 9074729 hoặc IMO 9074729",
            "a ship's IMO number of 7 digits, the last a check digit, such as 9074729 or IMO 9074729",
        ),
    }
)
"""What each format wants, in Vietnamese and in English, to be said where a text is not of it."""
