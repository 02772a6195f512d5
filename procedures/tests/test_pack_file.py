"""Whatever is wrong with a pack's file is told with its file, line and field."""

import sys
from pathlib import Path

import pytest
from nsw_procedures.pack_file import Mistake, PackError, line_of, parse_pack, read_pack
from nsw_procedures.packs import Packs, pack_files, packs
from pack_text import PACK, a_pack, named, pack_text

FILE = "BYTE0300001.yaml"


def line_with(text: str, sought: str) -> int:
    """The first line that says this, whatever it is indented by."""
    return [line.strip() for line in text.splitlines()].index(sought) + 1


def mistakes(text: str) -> tuple[Mistake, ...]:
    with pytest.raises(PackError) as raised:
        parse_pack(text, FILE)
    assert str(raised.value) == "\n".join(
        f"{m.file}:{m.line}: {m.field or 'the pack'}: {m.says}" for m in mistakes_of(raised.value)
    )
    return raised.value.mistakes


def mistakes_of(error: PackError) -> tuple[Mistake, ...]:
    return error.mistakes


def test_a_pack_is_read() -> None:
    pack = a_pack()
    assert pack.agencies == ("BYTE",)
    assert pack.messages.incoming[0].function == "05"


BAD: dict[str, tuple[tuple[str, str], str, str, str]] = {
    # what is replaced by what; the line that is named, as it then stands; the field; part of what is said
    "a key twice": (("lead_agency: BYTE", "lead_agency: BYTE\ncode: X"), "code: X", "code", "stands twice"),
    "a key twice, deep": (
        ("      maxLength: 200", "      maxLength: 200\n      maxLength: 300"), "maxLength: 300",
        "form/properties/maker/maxLength", "stands twice",
    ),
    "a field nobody knows": (
        ("  - kind: test-report", "  - kind: test-report\n    requird: false"), "requird: false",
        "documents/1/requird", "no such field",
    ),
    "a number for text": (
        ('function: "05"', "function: 05"), "function: 05", "messages/incoming/0/function", "put it in quotes",
    ),
    "an unknown agency": (
        ("lead_agency: BYTE", "lead_agency: BXX"), "lead_agency: BXX", "lead_agency", "no agency BXX",
    ),
    "another unknown agency": (
        ("lead_agency: BYTE", "lead_agency: BYTE\ncoordinating_agencies: [BCT, BYY]"),
        "coordinating_agencies: [BCT, BYY]", "coordinating_agencies", "no agency BYY",
    ),
    "a life out of order": (
        ("agreeing: 2019-01-01", "agreeing: 2020-02-01"), "life:", "life", "stands before agreeing",
    ),
    "a form that is no schema": (
        ("type: string\n      maxLength", "type: strin\n      maxLength"), "type: strin",
        "form/properties/maker/type", "strin",
    ),
    "a form that is no object": (("form:\n  type: object", "form:\n  type: array"), "form:", "form", "type: object"),
    "an unknown format": (
        ("format: country", "format: cuontry"), "format: cuontry",
        "form/properties/made_in/format", "no format 'cuontry'",
    ),
    "no length of time": (
        ("decision: 3 working days", "decision: 3 workdays"), "decision: 3 workdays", "deadlines/decision",
        "'3 working days'",
    ),
    "a date that is none": (
        ("effective_from: 2020-01-01", "effective_from: soon"), "effective_from: soon", "effective_from", "date",
    ),
    "an outcome too many": (
        ("means: accepted", "means: accepted\n      outcome: passed"), '- type: "21"', "messages/incoming/0",
        "`outcome`",
    ),
    "something missing": (("  basis: assumed\n", ""), "retention:", "retention/basis", "required"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_mistake_is_named_with_line_and_field(name: str) -> None:
    change, line, field, says = BAD[name]
    text = pack_text(change)
    (mistake,) = mistakes(text)
    assert (mistake.file, mistake.line, mistake.field) == (FILE, line_with(text, line), field)
    assert says in mistake.says


def test_all_mistakes_are_named_in_the_order_of_their_lines() -> None:
    found = mistakes(pack_text(("years: 5", "years: 0"), ("kind: invoice", "kind: In Voice"), ("- business", "- crew")))
    assert [mistake.field for mistake in found] == ["who_may_file/kinds/0", "documents/0/kind", "retention/years"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (PACK.replace("names:\n", "names:\n\tvi: x\n"), 5),
        (PACK.replace("names:\n", "names: [\n"), 5),
        (PACK + "\x00", 1),
        (PACK.replace("2019-01-01", "2019-02-30"), 1),
        ("", 1),
        ("- a list\n", 1),
        ("just text", 1),
    ],
)
def test_what_is_no_yaml_or_no_pack_is_refused(text: str, line: int) -> None:
    (mistake,) = mistakes(text)
    assert abs(mistake.line - line) <= 1  # YAML notices some mistakes a line later
    assert mistake.field == ""


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("names: Kiểm".encode("utf-16"))
    for file in (tmp_path / "none.yaml", tmp_path / "latin.yaml"):
        with pytest.raises(PackError, match="cannot be read") as raised:
            read_pack(file)
        assert raised.value.mistakes[0].file == str(file)


def test_the_line_of_a_field(tmp_path: Path) -> None:
    file = tmp_path / FILE
    file.write_text(PACK)
    assert line_of(file, "examples/0/story/1") == line_with(PACK, "- BYTE result-issued licensed")
    assert line_of(file, "examples/0/form/nothing") == line_with(PACK, "maker: Siam Foods") - 1


def test_packs_that_contradict_each_other_are_refused() -> None:
    one, other = a_pack(), a_pack(('"2026.1"', '"2026.2"'))
    with pytest.raises(PackError) as raised:
        Packs([("a/BYTE0300001.yaml", one), ("b/BYTE0300001.yaml", one), ("a/BYTE0300001@2026.2.yaml", other)])
    assert [(m.file, m.field) for m in raised.value.mistakes] == [
        ("b/BYTE0300001.yaml", "version"), ("a/BYTE0300001@2026.2.yaml", "effective_from"),
    ]  # fmt: skip
    with pytest.raises(PackError, match=r"the file of BYTE0300001 is BYTE0300001\.yaml"):
        Packs([("a/other.yaml", one)])


@pytest.fixture
def distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of packs that another installed distribution brings."""
    folder = tmp_path / "customs_packs" / "more"
    folder.mkdir(parents=True)
    (tmp_path / "customs_packs" / "__init__.py").write_text("")
    info = tmp_path / "customs_packs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: customs-packs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[nsw.procedure_packs]\ncustoms = customs_packs\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "customs_packs", raising=False)
    return folder


def test_another_distribution_brings_packs(distribution: Path) -> None:
    (distribution / "BTC0300001.yaml").write_text(pack_text(("code: BYTE0300001", "code: BTC0300001")))
    packs.cache_clear()
    try:
        assert packs().versions("BTC0300001") == (named("BTC0300001"),)
        assert "BGTVT0600058" in packs()
    finally:
        packs.cache_clear()


def test_a_mistake_in_another_distribution_is_named_with_its_file(distribution: Path) -> None:
    file = distribution / "BTC0300001.yaml"
    file.write_text(pack_text(("lead_agency: BYTE", "lead_agency: BXX")))
    assert str(file) in map(str, pack_files())
    packs.cache_clear()
    try:
        with pytest.raises(PackError, match="no agency BXX") as raised:
            packs()
        assert str(file) in {mistake.file for mistake in raised.value.mistakes}
    finally:
        packs.cache_clear()
