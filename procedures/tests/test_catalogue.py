"""What the shipped catalogue and the list of packs promise to everyone who reads them."""

import re
from collections import Counter

import pytest
from nsw_contracts.topics import AGENCIES
from nsw_procedures.catalogue import agencies, hs_codes
from nsw_procedures.packs import packs

LIVE_IN_2021 = 235  # reported for 20 September 2021
SEEN = {"BGTVT": 28, "BYTE": 23, "BNNPTNT": 3}  # procedures whose deployed code is known
ALL = [packs().versions(code)[0] for code in packs()]


def test_the_agencies_are_those_of_the_messages() -> None:
    assert set(agencies()) == set(AGENCIES)


def test_there_are_as_many_procedures_as_were_reported_live() -> None:
    assert len(packs()) == LIVE_IN_2021


def test_every_procedure_is_led_by_the_agency_its_code_begins_with() -> None:
    for pack in ALL:
        assert re.fullmatch(pack.lead_agency + r"\d{7}", pack.code)


def test_every_agency_leads_a_procedure_that_is_no_placeholder() -> None:
    assert {pack.lead_agency for pack in ALL if not pack.placeholder} == set(agencies())


def test_what_is_ours_is_told_from_what_was_seen() -> None:
    """Block 99 of the codes: nobody has named the procedure to us. Block 98: it is real, its code is ours."""
    for pack in ALL:
        block = pack.code[-7:-5]
        assert pack.placeholder == (block == "99"), pack.code
        assert pack.provisional_code == (block == "98"), pack.code
    seen = Counter(pack.lead_agency for pack in ALL if not (pack.placeholder or pack.provisional_code))
    assert seen == SEEN


def test_names_are_clean_and_in_both_languages() -> None:
    for pack in ALL:
        for name in (pack.names.vi, pack.names.en):
            assert name == name.strip()
            assert '"' not in name
            assert not name.startswith(">")


def test_a_new_version_of_a_procedure_keeps_its_life_and_its_agencies() -> None:
    earlier, later = packs().versions("BCT9800003")
    assert (earlier.version, later.version) == ("2026.1", "2026.2")
    assert earlier.effective_from < later.effective_from
    assert earlier.agencies == later.agencies
    assert earlier.life == later.life
    assert (earlier.fees, [fee.amount for fee in later.fees]) == ((), [60_000])


def test_hs_codes_are_the_six_digit_ones() -> None:
    assert len(hs_codes()) == 5613
    assert all(re.fullmatch(r"\d{6}", code) and text for code, text in hs_codes().items())
    assert hs_codes()["010121"] == "Horses; live, pure-bred breeding animals"


def test_the_mappings_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        agencies()["XX"] = agencies()["BYTE"]  # type: ignore[index]
