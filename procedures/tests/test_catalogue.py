"""What the shipped catalogue promises to everyone who reads it."""

import re

import pytest
from nsw_procedures.catalogue import agencies, hs_codes, procedures


def test_there_are_thirteen_agencies_and_235_procedures() -> None:
    assert len(agencies()) == 13
    assert len(procedures()) == 235


def test_every_procedure_is_led_by_an_agency_its_code_begins_with() -> None:
    for code, procedure in procedures().items():
        assert procedure.code == code
        assert procedure.lead_agency in agencies()
        assert re.fullmatch(procedure.lead_agency + r"\d{7}", code)


def test_every_agency_leads_a_procedure() -> None:
    assert {procedure.lead_agency for procedure in procedures().values()} == set(agencies())


def test_names_are_clean_and_in_both_languages() -> None:
    for procedure in procedures().values():
        for name in (procedure.name_vi, procedure.name_en):
            assert name
            assert name == name.strip()
            assert '"' not in name
            assert not name.startswith(">")


def test_real_procedures_are_told_from_placeholders() -> None:
    tight = procedures()["BYTE0500010"]
    assert not tight.placeholder
    assert tight.lead_agency == "BYTE"
    assert tight.name_vi.endswith("theo phương thức kiểm tra chặt")
    assert tight.version == "2026.1"
    assert sum(not procedure.placeholder for procedure in procedures().values()) == 54
    assert all(procedure.placeholder == ("99" in code[-7:-5]) for code, procedure in procedures().items())


def test_hs_codes_are_the_six_digit_ones() -> None:
    assert len(hs_codes()) == 5613
    assert all(re.fullmatch(r"\d{6}", code) and text for code, text in hs_codes().items())
    assert hs_codes()["010121"] == "Horses; live, pure-bred breeding animals"


def test_the_mappings_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        agencies()["XX"] = agencies()["BYTE"]  # type: ignore[index]
