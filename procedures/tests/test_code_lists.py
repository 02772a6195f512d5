"""Code lists keep to their standards; formats take what they should, refuse the rest and never raise."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nsw_procedures.code_lists import (
    FORMAT_SAYS,
    FORMATS,
    border_gates,
    countries,
    currencies,
    ports,
    units,
)

SHAPES = [
    (countries, r"[A-Z]{2}"),
    (currencies, r"[A-Z]{3}"),
    (units, r"[0-9A-Z]{2,3}"),
    (ports, r"[A-Z]{2}[A-Z2-9]{3}"),
    (border_gates, r"[a-z]+(-[a-z]+)*"),
]


@pytest.mark.parametrize(("table", "shape"), SHAPES)
def test_codes_have_their_shape_and_names_are_clean(table, shape: str) -> None:
    assert table()
    for code, one in table().items():
        assert one[0] == code
        assert re.fullmatch(shape, code)
        for name in (one.name_en, getattr(one, "name_vi", one.name_en)):
            assert name
            assert name == " ".join(name.split())


@pytest.mark.parametrize(("table", "shape"), SHAPES)
def test_a_list_is_read_once_and_cannot_be_changed(table, shape: str) -> None:
    assert table() is table()
    with pytest.raises(TypeError):
        table()["ZZ"] = None


def test_countries_are_the_249_of_iso_3166() -> None:
    assert len(countries()) == 249
    assert countries()["VN"] == ("VN", "Vietnam", "Việt Nam")
    assert countries()["LA"].name_vi == "Lào"
    assert not {"XK", "UK", "EU", "AN", "SU", "ZZ"} & set(countries())
    assert len({one.name_en for one in countries().values()}) == 249
    assert len({one.name_vi for one in countries().values()}) == 249


def test_currencies_know_their_minor_units() -> None:
    digits = {code: currencies()[code].minor_units for code in ("VND", "USD", "EUR", "JPY", "KWD", "LAK", "CLF")}
    assert digits == {"VND": 0, "USD": 2, "EUR": 2, "JPY": 0, "KWD": 3, "LAK": 2, "CLF": 4}
    assert not {"XXX", "XTS", "XAU", "XDR", "BGN", "HRK", "ANG", "ZWL"} & set(currencies())


def test_units_usual_in_trade_are_there() -> None:
    assert {"KGM", "TNE", "GRM", "LTR", "MTR", "MTK", "MTQ", "H87", "C62", "PR", "SET", "DZN", "CTM"} <= set(units())
    assert units()["KGM"].name_vi == "kilôgam"
    assert not {"KG", "PCE", "CTN", "kgm"} & set(units())


def test_ports_are_in_a_country_and_of_a_kind() -> None:
    for port in ports().values():
        assert port.country in countries()
        assert port.kinds
        assert port.kinds <= {"sea", "river", "offshore", "inland", "air"}
    assert ports()["VNHPH"] == ("VNHPH", "Hai Phong", "Hải Phòng", {"sea", "air"})
    assert sum(port.country == "VN" for port in ports().values()) > 60
    assert sum(port.country != "VN" for port in ports().values()) > 60


def test_border_gates_lead_to_the_three_neighbours() -> None:
    assert {gate.neighbour for gate in border_gates().values()} == {"CN", "LA", "KH"}
    assert all(gate.ways and gate.ways <= {"road", "rail", "river"} for gate in border_gates().values())
    assert border_gates()["moc-bai"].name_vi == "Mộc Bài"


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        (
            "hs-code",
            ["020130", "02013000", "0201300010"],
            ["", "0201", "0201300", "020199", "02.01.30", "０２0130"],
        ),
        ("country", ["VN", "KR"], ["", "vn", "VNM", "XX", " VN"]),
        ("currency", ["VND", "USD"], ["", "usd", "XXX", "VN"]),
        ("unit", ["KGM", "H87", "58"], ["", "kg", "KGM "]),
        ("port", ["VNHPH", "SGSIN"], ["", "VN HPH", "VNXXX", "HPH"]),
        ("tax-code", ["0300588569", "0300588569-001"], ["", "0300588568", "0300588569-1"]),
        (
            "decimal",
            ["1", "0.5", "0.000001", "999999999999.999999", "1250.50", "10"],
            ["", "0", "0.0", "0.000000", "-1", "+1", "1,5", "1.", ".5", "01", "1e3", "1000000000000", "1.0000001", "١"],
        ),
        ("imo-number", ["9074729", "IMO 9074729", "9176187"], ["", "9074728", "IMO9074729", "0000000", "90747290"]),
    ],
)
def test_a_format_takes_its_codes_and_nothing_else(name: str, good: list[str], bad: list[str]) -> None:
    assert [text for text in good if not FORMATS[name](text)] == []
    assert [text for text in [*bad, *(f"{text}\n" for text in good)] if FORMATS[name](text)] == []


@given(st.integers(1, 9), st.lists(st.integers(0, 9), min_size=5, max_size=5))
def test_an_imo_number_has_one_check_digit(first: int, more: list[int]) -> None:
    six = [first, *more]
    right = [digit for digit in range(10) if FORMATS["imo-number"]("".join(map(str, [*six, digit])))]
    assert right == [sum((7 - index) * digit for index, digit in enumerate(six)) % 10]


@given(st.sampled_from(sorted(FORMATS)), st.text() | st.text("0123456789.- IMO", max_size=16))
def test_a_format_answers_yes_or_no_to_any_text(name: str, text: str) -> None:
    assert FORMATS[name](text) in {True, False}


def test_every_format_says_what_it_wants_in_both_languages_by_an_example_that_passes() -> None:
    assert set(FORMAT_SAYS) == set(FORMATS)
    for name, said in FORMAT_SAYS.items():
        assert len(set(said)) == 2
        for text in said:
            words = [word.strip(",()") for word in text.split()]
            assert any(FORMATS[name](word) for word in words), (name, text)
