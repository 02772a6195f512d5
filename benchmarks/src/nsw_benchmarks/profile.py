"""The national profile: an endless, reproducible stream of dossiers shaped like the country's.

The same seed gives the same dossiers, and the first n of a longer run are those of a shorter one. The
generator shares the machine with the system under test, so a dossier is put together from pieces of JSON
prepared once.

Assumed where nothing is published: the ministries' shares (transport, agriculture, health and industry file
most, as their procedures in the reports of 2020 and 2021 suggest), the chapters of goods each looks after,
and that a procedure whose real code is known is filed ten times as often as any other. From that follows how many
dossiers several agencies decide (one in seventy) and of how many the window has the goods inspected (one in six).

The mix `plain` is made of procedures that one agency decides and whose goods the window does not inspect.
"""

from bisect import bisect
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import accumulate, islice
from random import Random
from typing import NamedTuple

from nsw_procedures.calendar import local_day

from nsw_benchmarks.businesses import NATIONAL_BUSINESSES, Business, businesses, cumulative_weights
from nsw_benchmarks.filing_pieces import Pieces, Route, pieces, to_json
from nsw_benchmarks.growth import DOSSIERS_BY_YEAR
from nsw_benchmarks.stories import Mix

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

_REAL_WEIGHT = 10
_GOODS_LINES = (1, 1, 1, 1, 1, 1, 2, 2, 3, 4)
_DOCUMENTS = (1, 1, 1, 2, 2, 3)  # where the procedure requires fewer
_DIRECTION_WEIGHTS = {"import": 14, "export": 5, "transit": 1}
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


class Filing(NamedTuple):
    """A dossier ready to be filed: its JSON text, and what the replay needs to know of it."""

    body: str
    route: Route
    business: Business

    @property
    def procedure(self) -> str:
        """The procedure's code."""
        return self.route.procedure

    @property
    def agency(self) -> str:
        """The lead agency."""
        return self.route.agencies[0]


class Profile:
    """The country, or a smaller one of `business_count` businesses with the same habits."""

    def __init__(
        self, seed: int, business_count: int = NATIONAL_BUSINESSES, mix: Mix = "full", day: date | None = None
    ) -> None:
        """`day`: the local day whose packs the dossiers are filed by; None: today's."""
        self._seed = seed
        self.businesses = businesses(seed, business_count)
        self._business_weights = cumulative_weights(business_count)
        self._pieces = [_business_pieces(business) for business in self.businesses]
        self._procedures, self._procedure_weights = _weighted(mix, day or local_day(datetime.now(UTC)))

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
            drawn = _GOODS_LINES[int(random() * len(_GOODS_LINES))] if procedure.goods else 0
            goods = ",".join(
                f'{{"line":{line},"origin_country":"{origin}","quantity":"{1 + int(random() * 20_000)}.000",'
                f"{procedure.goods[int(random() * len(procedure.goods))]}}}"
                for line in range(1, 1 + (procedure.lines or drawn))
            )
            more = max(0, _DOCUMENTS[int(random() * len(_DOCUMENTS))] - len(procedure.documents))
            digest = f"{bits(256):064x}"[:-1]
            documents = ",".join(
                f'{{"sha256":"{digest}{place:x}","size":{20_000 + int(random() * 900_000)},{piece}}}'
                for place, piece in enumerate((*procedure.documents, *procedure.usual[:more]))
            )
            form = procedure.forms[int(random() * len(procedure.forms))]
            body = (
                f'{procedure.head}{declarant},"consignment":{{"direction":"{direction}","border_gate":"{gate}",'
                f'"partner_country":"{country}","goods":[{goods}]}},'
                f'"form":{form}"filing_year":{year},"purpose":"{purpose}"}},"documents":[{documents}]{contact}}}'
            )
            yield Filing(body, procedure.route, self.businesses[rank])


def _business_pieces(business: Business) -> tuple[str, str]:
    declarant = {"tax_code": business.tax_code, "name": business.name}
    return f',"declarant":{to_json(declarant)}', f',"contact":{to_json(business.contact)}'


def _weighted(mix: Mix, day: date) -> tuple[list[Pieces], list[float]]:
    """The procedures of a mix and the running sums of their weights."""
    found = [
        (
            1 if pack.placeholder or pack.provisional_code else _REAL_WEIGHT,
            each._replace(directions=_weighted_directions(each.directions)),
        )
        for pack, each in pieces(day)
        if mix == "full" or not (each.route.inspected or pack.coordinating_agencies)
    ]
    in_agency = dict.fromkeys(AGENCY_SHARES, 0)
    for weight, each in found:
        in_agency[each.route.agencies[0]] += weight
    shares = (
        AGENCY_SHARES[each.route.agencies[0]] * weight / in_agency[each.route.agencies[0]] for weight, each in found
    )
    return [each for _, each in found], list(accumulate(shares))


def _weighted_directions(directions: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one for one in directions for _ in range(_DIRECTION_WEIGHTS[one]))
