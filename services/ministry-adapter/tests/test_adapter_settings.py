"""The agencies' file: what is wrong in it is said by its place, before anything starts."""

import json
from pathlib import Path

import pytest
from nsw_contracts.topics import AGENCIES
from nsw_ministry_adapter.settings import read_agencies
from nsw_runtime.errors import BadSettings

GOOD = {"code": "BYTE", "adapter": "rest-json", "settings": {"url": "https://one.example/nsw"}}
WRONG = {
    "no JSON": ("{", "Invalid JSON"),
    "no list": ("{}", "Input should be"),
    "no adapter": ([{"code": "BYTE"}], "/0/adapter"),
    "no schedule": ([GOOD, GOOD | {"retry_seconds": []}], "/1/retry_seconds"),
    "no rate": ([GOOD | {"rate": 0}], "/0/rate"),
    "no time": ([GOOD | {"http": {"timeout_seconds": 0}}], "/0/http/timeout_seconds"),
    "a field that does not exist": ([GOOD | {"bach": 5}], "/0/bach"),
    "an agency that does not exist": ([GOOD | {"code": "XYZ"}], "no agency XYZ; there are BTC, BNNPTNT"),
    "an agency twice": ([GOOD, GOOD], "BYTE stands in it twice"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named(name: str, tmp_path: Path) -> None:
    content, said = WRONG[name]
    file = tmp_path / "agencies.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(BadSettings) as raised:
        read_agencies(file)
    assert f"NSW_AGENCIES_FILE: {file}: " in str(raised.value)
    assert said in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"NSW_AGENCIES_FILE: .*none\.json cannot be read: No such file"):
        read_agencies(tmp_path / "none.json")


def test_every_agency_may_be_served(tmp_path: Path) -> None:
    file = tmp_path / "agencies.json"
    file.write_text(json.dumps([GOOD | {"code": code} for code in AGENCIES]))
    assert [agency.code for agency in read_agencies(file)] == list(AGENCIES)
