"""The national profile: the same for the same seed, valid throughout, and uneven as the country is."""

import json
from collections import Counter
from datetime import date
from itertools import islice
from statistics import median

import pytest
from nsw_benchmarks.businesses import hears_everything
from nsw_benchmarks.growth import DOSSIERS_BY_YEAR
from nsw_benchmarks.profile import AGENCY_SHARES, Filing, Profile
from nsw_contracts.events import DossierContent
from nsw_procedures.catalogue import agencies
from nsw_procedures.filing import faults
from nsw_procedures.packs import packs
from nsw_procedures.tax_code import is_tax_code

SAMPLE = 20_000
DAY = date(2026, 3, 2)
PACKS = packs().on(DAY)


@pytest.fixture(scope="module")
def profile() -> Profile:
    return Profile(seed=7, day=DAY)


@pytest.fixture(scope="module")
def filings(profile: Profile) -> list[Filing]:
    return list(profile.dossiers(SAMPLE))


def test_the_same_seed_gives_the_same_dossiers(profile: Profile, filings: list[Filing]) -> None:
    assert list(Profile(seed=7, day=DAY).dossiers(50)) == filings[:50]
    assert list(profile.dossiers(3)) == filings[:3]
    assert [filing.body for filing in Profile(seed=8, day=DAY).dossiers(50)] != [filing.body for filing in filings[:50]]


@pytest.mark.parametrize("mix", ["plain", "full"])
def test_every_procedure_takes_its_dossiers(mix) -> None:
    filed: Counter[str] = Counter()
    for filing in Profile(seed=9, business_count=1000, mix=mix, day=DAY).dossiers(SAMPLE):
        filed[filing.procedure] += 1
        if filed[filing.procedure] > 20:
            continue
        dossier = DossierContent.model_validate_json(filing.body)
        pack = PACKS[filing.procedure]
        assert faults(pack, dossier) == []
        assert dossier.procedure == filing.procedure
        assert filing.route.agencies == pack.agencies
        assert filing.agency == pack.lead_agency
        assert filing.route.inspected == (pack.inspection is not None and bool(dossier.consignment.goods))
        assert dossier.declarant.tax_code == filing.business.tax_code
        goods = dossier.consignment.goods
        assert [line.line for line in goods] == list(range(1, 1 + len(goods)))
        assert (len(goods) == 0) == (pack.goods.lines == "none")
        assert len(goods) <= 4
        assert dossier.documents
        assert set(dossier.model_dump(mode="json")) == set(json.loads(filing.body))
    live = {code for code, pack in PACKS.items() if pack.life.stage(DAY) == "live"}
    if mix == "full":
        assert set(filed) == live
    else:
        plain = {code for code in live if not PACKS[code].coordinating_agencies}
        assert set(filed) == {
            code for code in plain if PACKS[code].inspection is None or PACKS[code].goods.lines == "none"
        }


def test_sizes_are_typical(filings: list[Filing]) -> None:
    sizes = sorted(len(filing.body.encode()) for filing in filings)
    assert 900 <= median(sizes) <= 1500
    assert sizes[0] > 650
    assert sizes[-1] < 4000


def test_businesses_have_distinct_valid_tax_codes_of_no_real_taxpayer(profile: Profile) -> None:
    codes = {business.tax_code for business in profile.businesses}
    assert len(codes) == len(profile.businesses) == 49_500
    assert all(is_tax_code(code) and code.startswith("9") for code in codes)
    assert [business.large for business in islice(profile.businesses, 494, 496)] == [True, False]
    assert sum(business.large for business in profile.businesses) == 495
    assert all(hears_everything(business.tax_code) == business.large for business in profile.businesses)


def test_one_business_in_a_hundred_files_three_quarters(filings: list[Filing]) -> None:
    assert sum(filing.business.large for filing in filings) / SAMPLE == pytest.approx(0.75, abs=0.015)
    largest = Counter(filing.business.tax_code for filing in filings).most_common(1)[0][1]
    assert largest / SAMPLE < 0.05


def test_ministries_file_by_their_shares(filings: list[Filing]) -> None:
    assert set(AGENCY_SHARES) == set(agencies())
    assert len({filing.agency for filing in filings}) == 13
    assert sum(AGENCY_SHARES.values()) == pytest.approx(1)
    counts = Counter(filing.agency for filing in filings)
    for agency, share in AGENCY_SHARES.items():
        assert counts[agency] / SAMPLE == pytest.approx(share, abs=0.012)


def test_known_procedures_are_filed_far_more_often(filings: list[Filing]) -> None:
    counts = Counter(filing.procedure for filing in filings if filing.agency == "BYTE")
    known = sum(count for code, count in counts.items() if not PACKS[code].placeholder)
    assert known / counts.total() > 0.8


def test_filing_years_follow_the_published_growth(filings: list[Filing]) -> None:
    total = sum(DOSSIERS_BY_YEAR.values())
    assert total == 4_100_000
    assert total / DOSSIERS_BY_YEAR[2014] == pytest.approx(193, abs=0.5)
    days_to_25_august_2020 = 238
    by_august_2020 = (
        sum(count for year, count in DOSSIERS_BY_YEAR.items() if year < 2020)
        + DOSSIERS_BY_YEAR[2020] * days_to_25_august_2020 / 366
    )
    assert by_august_2020 == pytest.approx(3_200_000, rel=0.01)
    years = Counter(json.loads(filing.body)["form"]["filing_year"] for filing in filings)
    for year, count in DOSSIERS_BY_YEAR.items():
        assert years[year] / SAMPLE == pytest.approx(count / total, abs=0.012)
