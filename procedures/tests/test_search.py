"""Finding procedures as people type: without accents, by goods, by agency, on a day."""

from datetime import date

import pytest
from nsw_procedures.pack import STAGES
from nsw_procedures.packs import Packs, packs
from nsw_procedures.search import Index, Query, plain
from pack_text import named

TODAY = date(2026, 3, 2)
NO_GOODS = ('goods:\n  hs:\n    - "0306"\n', "goods:\n  lines: none\n")
ANY_GOODS = ('goods:\n  hs:\n    - "0306"\n', "")
ROAD = (
    "  vi: Kiểm tra thực phẩm nhập khẩu\n  en: Inspection of imported food",
    "  vi: Giấy phép Đường bộ\n  en: Road permit",
)
FISH = ('    - "0306"\n', '    - "03"\n    - "160521"\n')
SHARED = ("lead_agency: BYTE", "lead_agency: BCT\ncoordinating_agencies:\n  - BYTE")
COMING = ("live: 2020-01-01", "live: 2027-01-01")
LATER = (('"2026.1"', '"2026.2"'), ("effective_from: 2020-01-01", "effective_from: 2026-06-01"))
PLACEHOLDER = ('version: "2026.1"', 'version: "2026.1"\nplaceholder: true')

INDEX = Index(
    Packs(
        (f"{pack.code}@{pack.version}.yaml", pack)
        for pack in (
            named("BYTE0300001"),
            named("BYTE0300001", *LATER, ("  en: Inspection of imported food", "  en: Food control")),
            named("BGTVT0300002", ROAD, NO_GOODS, ("lead_agency: BYTE", "lead_agency: BGTVT")),
            named("BCT0300003", ANY_GOODS, SHARED, COMING),
            named("BYTE0300004", FISH),
            named("BYTE9900005", PLACEHOLDER),
        )
    )
)


def found(on: date = TODAY, **query: object) -> list[str]:
    return [pack.code for pack in INDEX.find(Query(**query), on)]


def test_everything_comes_by_code() -> None:
    assert found() == ["BCT0300003", "BGTVT0300002", "BYTE0300001", "BYTE0300004", "BYTE9900005"]


@pytest.mark.parametrize(
    "text",
    ["đường bộ", "duong bo", "ĐƯỜNG  bộ", "Duong", "bgtvt", "BGTVT03", "0300002", "road per", "permit, road!", "đường"],
)
def test_words_are_found_without_accents_or_case(text: str) -> None:
    assert found(text=text) == ["BGTVT0300002"]


@pytest.mark.parametrize("text", ["oad", "duong food", "300002", "kiem tra bgtvt"])
def test_a_word_must_begin_one(text: str) -> None:
    assert found(text=text) == []


@pytest.mark.parametrize("text", ["", "  ", "—", "!?"])
def test_no_words_leave_nobody_out(text: str) -> None:
    assert len(found(text=text)) == 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Đặc biệt", "dac bie"),
        ("Thuỷ sản", "thuy san"),
        ("QUỐC TẾ – A/B", "quoc te a b"),
        ("A_B", "a b"),
        ("đ Đ", "d d"),
    ],
)
def test_plain_words(text: str, words: str) -> None:
    assert plain(text).startswith(words)


@pytest.mark.parametrize(
    ("hs", "codes"),
    [
        ("0306", ["BYTE0300001", "BYTE9900005", "BYTE0300004", "BCT0300003"]),  # the closest first, any goods last
        ("03061711", ["BYTE0300001", "BYTE9900005", "BYTE0300004", "BCT0300003"]),
        ("03", ["BYTE0300001", "BYTE0300004", "BYTE9900005", "BCT0300003"]),
        ("1605", ["BYTE0300004", "BCT0300003"]),
        ("8703", ["BCT0300003"]),
    ],
)
def test_goods_are_covered_or_lie_below(hs: str, codes: list[str]) -> None:
    assert found(hs=hs) == codes


def test_an_agency_leads_or_coordinates() -> None:
    assert found(agency="BYTE") == ["BCT0300003", "BYTE0300001", "BYTE0300004", "BYTE9900005"]
    assert found(agency="BQP") == []


def test_the_stage_is_that_of_the_day() -> None:
    assert found(stage="agreeing") == ["BCT0300003"]
    assert found(stage="agreeing", on=date(2027, 1, 1)) == []
    assert sorted(code for stage in STAGES for code in found(stage=stage)) == found()


def test_placeholders_can_be_left_out() -> None:
    assert "BYTE9900005" not in found(placeholders=False)


def test_words_are_those_of_the_days_version() -> None:
    assert "BYTE0300001" in found(text="inspection")
    assert "BYTE0300001" not in found(text="inspection", on=date(2026, 6, 1))
    assert found(text="control") == []
    assert found(text="control", on=date(2026, 6, 1)) == ["BYTE0300001"]
    assert "BYTE0300001" in found(text="inspection", on=date(2019, 1, 1)), "the first to come"


def test_the_real_procedures_are_found() -> None:
    index = Index(packs())

    def codes(**query: object) -> list[str]:
        return [pack.code for pack in index.find(Query(**query), TODAY)]

    assert "BGTVT0600058" in codes(text="giay phep van tai duong bo quoc te gms")
    assert codes(text="BYTE0500009") == ["BYTE0500009"]
    assert "BNNPTNT0600009" in codes(agency="BNNPTNT", stage="live")
