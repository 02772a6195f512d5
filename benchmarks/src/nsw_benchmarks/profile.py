"""The national profile: an endless, reproducible stream of dossiers shaped like the country's.

The same seed gives the same dossiers, and the first n of a longer run are those of a shorter one. The
generator shares the machine with the system under test, so a dossier is put together from pieces of JSON
prepared once.

Assumed where nothing is published: the ministries' shares (transport, agriculture, health and industry file
most, as their procedures in the reports of 2020 and 2021 suggest), the chapters of goods each looks after,
and that a procedure whose real code is known is filed ten times as often as one that stands for another.
"""

import json
from bisect import bisect
from collections.abc import Iterator
from itertools import accumulate, islice
from random import Random
from typing import NamedTuple

from nsw_procedures.catalogue import Procedure, hs_codes, procedures

from nsw_benchmarks.businesses import NATIONAL_BUSINESSES, Business, businesses, cumulative_weights
from nsw_benchmarks.growth import DOSSIERS_BY_YEAR

AGENCY_SHARES = {
    "BGTVT": 0.340,
    "BNNPTNT": 0.270,
    "BYTE": 0.140,
    "BCT": 0.120,
    "BTNMT": 0.040,
    "BTC": 0.030,
    "BKHCN": 0.020,
    "BTTTT": 0.010,
    "BVHTTDL": 0.010,
    "BQP": 0.008,
    "BCA": 0.006,
    "NHNN": 0.003,
    "BNG": 0.003,
}

_CHAPTERS = {
    "BGTVT": range(86, 90),
    "BNNPTNT": range(1, 25),
    "BYTE": (30, 33, 38, 90),
    "BCT": (25, 26, 27, 28, 29, 72, 73, 84, 85),
    "BTNMT": (38, 39, 47, 72, 76),
    "BTC": range(22, 98),
    "BKHCN": (84, 85, 90, 94),
    "BTTTT": (49, 85),
    "BVHTTDL": (49, 92, 95, 97),
    "BQP": (88, 93),
    "BCA": (36, 93),
    "NHNN": (71,),
    "BNG": range(84, 98),
}
_COUNTED_FROM_CHAPTER = 84  # machines, vehicles and the like are counted; what comes before is weighed

_REAL_WEIGHT = 10
_DESCRIPTION_LENGTH = 60
_GOODS_LINES = (1, 1, 1, 1, 1, 1, 2, 2, 3, 4)
_DOCUMENTS = (1, 1, 1, 2, 2, 3)
_DIRECTIONS = ("import",) * 14 + ("export",) * 5 + ("transit",)
_COUNTRIES = ("CN", "KR", "JP", "TW", "TH", "MY", "SG", "ID", "LA", "KH", "AU", "NZ", "US", "DE", "FR", "RU")
_GATES = (
    "Cảng Cát Lái",
    "Cảng Hải Phòng",
    "Cảng Cái Mép",
    "Cảng Đà Nẵng",
    "Sân bay Nội Bài",
    "Sân bay Tân Sơn Nhất",
    "Cửa khẩu Hữu Nghị",
    "Cửa khẩu Lao Bảo",
    "Cửa khẩu Lào Cai",
    "Cửa khẩu Mộc Bài",
)
_PURPOSES = ("Kinh doanh", "Sản xuất", "Tạm nhập tái xuất", "Nghiên cứu", "Viện trợ")
_DOCUMENT_KINDS = (
    ("invoice", "hoa-don.pdf"),
    ("packing-list", "phieu-dong-goi.pdf"),
    ("bill-of-lading", "van-don.pdf"),
    ("certificate-of-origin", "giay-chung-nhan-xuat-xu.pdf"),
)


class Filing(NamedTuple):
    """A dossier ready to be filed: its JSON text, and what the replay needs to know of it."""

    body: str
    procedure: str
    agency: str
    business: Business


class _Prepared(NamedTuple):
    """A procedure with its pieces of JSON; `directions` and `goods` are what its dossiers draw from."""

    code: str
    agency: str
    head: str
    directions: tuple[str, ...]
    goods: tuple[str, ...]


class Profile:
    """The country, or a smaller one of `business_count` businesses with the same habits."""

    def __init__(self, seed: int, business_count: int = NATIONAL_BUSINESSES) -> None:
        self._seed = seed
        self.businesses = businesses(seed, business_count)
        self._business_weights = cumulative_weights(business_count)
        self._pieces = [_business_pieces(business) for business in self.businesses]
        self._procedures, self._procedure_weights = _prepared_procedures()

    def dossiers(self, count: int) -> Iterator[Filing]:
        """The first `count` dossiers of this profile."""
        return islice(self._draw(), count)

    def _draw(self) -> Iterator[Filing]:
        rng = Random(f"dossiers {self._seed}")
        random, bits = rng.random, rng.getrandbits
        business_weights, procedure_weights = self._business_weights, self._procedure_weights
        business_total, procedure_total = business_weights[-1], procedure_weights[-1]
        years = list(accumulate(DOSSIERS_BY_YEAR.values()))
        year_names, year_total = list(DOSSIERS_BY_YEAR), years[-1]
        while True:
            procedure = self._procedures[bisect(procedure_weights, random() * procedure_total)]
            rank = bisect(business_weights, random() * business_total)
            declarant, contact = self._pieces[rank]
            country = _COUNTRIES[int(random() * len(_COUNTRIES))]
            direction = procedure.directions[int(random() * len(procedure.directions))]
            origin = "VN" if direction == "export" else country
            year = year_names[bisect(years, random() * year_total)]
            gate = _GATES[int(random() * len(_GATES))]
            purpose = _PURPOSES[int(random() * len(_PURPOSES))]
            goods = ",".join(
                f'{{"line":{line},"origin_country":"{origin}","quantity":"{1 + int(random() * 20_000)}.000",'
                f"{procedure.goods[int(random() * len(procedure.goods))]}}}"
                for line in range(1, 1 + _GOODS_LINES[int(random() * len(_GOODS_LINES))])
            )
            documents = ",".join(
                f'{{"sha256":"{bits(256):064x}","size":{20_000 + int(random() * 900_000)},{piece}}}'
                for piece in _DOCUMENT_PIECES[: _DOCUMENTS[int(random() * len(_DOCUMENTS))]]
            )
            body = (
                f'{procedure.head}{declarant},"consignment":{{"direction":"{direction}","border_gate":"{gate}",'
                f'"partner_country":"{country}","goods":[{goods}]}},'
                f'"form":{{"filing_year":{year},"purpose":"{purpose}"}},"documents":[{documents}]{contact}}}'
            )
            yield Filing(body, procedure.code, procedure.agency, self.businesses[rank])


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _business_pieces(business: Business) -> tuple[str, str]:
    declarant = {"tax_code": business.tax_code, "name": business.name}
    return f',"declarant":{_json(declarant)}', f',"contact":{_json(business.contact)}'


def _prepared_procedures() -> tuple[list[_Prepared], list[float]]:
    weights = {code: 1 if procedure.placeholder else _REAL_WEIGHT for code, procedure in procedures().items()}
    in_agency = dict.fromkeys(AGENCY_SHARES, 0)
    for code, procedure in procedures().items():
        in_agency[procedure.lead_agency] += weights[code]
    goods = {agency: _goods_pieces(agency) for agency in AGENCY_SHARES}
    prepared = [
        _Prepared(
            code=code,
            agency=procedure.lead_agency,
            head=f'{{"procedure":"{code}"',
            directions=_directions(procedure),
            goods=goods[procedure.lead_agency],
        )
        for code, procedure in procedures().items()
    ]
    shares = (AGENCY_SHARES[each.agency] * weights[each.code] / in_agency[each.agency] for each in prepared)
    return prepared, list(accumulate(shares))


def _directions(procedure: Procedure) -> tuple[str, ...]:
    name = procedure.name_vi.lower()
    if "cấp giấy phép xuất khẩu" in name:
        return ("export",)
    return ("import",) if "nhập khẩu" in name else _DIRECTIONS


def _goods_pieces(agency: str) -> tuple[str, ...]:
    chapters = set(_CHAPTERS[agency])
    return tuple(
        _json(
            {
                "hs_code": code,
                "description": description[:_DESCRIPTION_LENGTH].rsplit(" ", 1)[0]
                if len(description) > _DESCRIPTION_LENGTH
                else description,
                "unit": "H87" if int(code[:2]) >= _COUNTED_FROM_CHAPTER else "KGM",
            }
        )[1:-1]
        for code, description in hs_codes().items()
        if int(code[:2]) in chapters
    )


_DOCUMENT_PIECES = tuple(
    _json({"name": name, "media_type": "application/pdf", "kind": kind})[1:-1] for kind, name in _DOCUMENT_KINDS
)
