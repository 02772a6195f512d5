"""The published pages: all of a pack in words, the same on every day, written only where something differs."""

import json
from pathlib import Path

import pytest
from nsw_contracts.parts import DossierContent
from nsw_procedures.compare import Difference, differences
from nsw_procedures.example import example_content
from nsw_procedures.example_check import example_faults
from nsw_procedures.filing import faults
from nsw_procedures.pack_json import whole
from nsw_procedures.packs import Packs, packs
from nsw_procedures.page import page
from nsw_procedures.pages import check, drift, main, pages, write
from pack_text import a_pack, named

LATER = (('"2026.1"', '"2026.2"'), ("effective_from: 2020-01-01", "effective_from: 2026-06-01"))


def two_versions() -> Packs:
    report = "    required: false\n"
    new = a_pack(*LATER, (report, ""), ("decision: 3 working days", "decision: 2 working days"))
    return Packs([("BYTE0300001@2026.1.yaml", a_pack()), ("BYTE0300001@2026.2.yaml", new)])


def test_a_page_says_what_the_pack_says() -> None:
    text = page(two_versions().versions("BYTE0300001"))
    for said in (
        "# BYTE0300001: Inspection of imported food",
        "**Kiểm tra thực phẩm nhập khẩu**",
        "Ministry of Health / Bộ Y tế (BYTE)",
        "2026.2, effective from 2026-06-01",
        r"| `maker` | Maker \| plant | Nhà sản xuất | yes | text, at most 200 characters |",
        "| `made_in` | Made in | Nước sản xuất |  | text, format country |",
        "| `invoice` | Invoice | Hóa đơn | yes | application/pdf | 20 MB | BYTE |",
        "| BYTE | 1 working day | 2 working days |",
        "HS codes that begin with 0306.",
        "| `21` | `05` | `accepted` |  |  |",
        "- deadlines/decision: 3 working days → 2 working days",
        "- documents/test-report/required: false → true",
        "1. BYTE accepted\n2. BYTE result-issued licensed\n\nThe dossier ends as `result_issued`.",
    ):
        assert said in text
    body = json.loads(text.partition("```json\n")[2].partition("```")[0])
    assert DossierContent.model_validate(body).form == {"maker": "Siam Foods"}


def test_pages_do_not_change_by_themselves() -> None:
    assert pages(two_versions()) == pages(two_versions())


def test_the_index_lists_by_agency() -> None:
    other = named("BCT9900002", ("lead_agency: BYTE", "lead_agency: BCT\nplaceholder: true"))
    index = pages(Packs([("BYTE0300001.yaml", a_pack()), ("BCT9900002.yaml", other)]))["README.md"]
    assert "2 procedures, of which 1 are placeholders" in index
    assert "Placeholders: [BCT9900002](BCT9900002.md)" in index
    assert "| [BYTE0300001](BYTE0300001.md) | Inspection of imported food |" in index
    assert index.index("(BYTE)") < index.index("BYTE0300001.md") < index.index("(BCT)")


def test_only_what_differs_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = pages(two_versions())
    folder = tmp_path / "procedures"
    assert check(folder, made) == 1
    assert write(folder, made) == 0
    assert check(folder, made) == 0
    (folder / "BYTE0300001.md").write_text("changed by hand")
    (folder / "BYTE0300009.md").write_text("of a procedure that is gone")
    capsys.readouterr()
    assert check(folder, made) == 1
    said = capsys.readouterr().err
    assert "BYTE0300001.md differs from its pack" in said
    assert "BYTE0300009.md belongs to no procedure" in said
    assert "make procedures" in said
    write(folder, made)
    assert drift(made, folder) == {}
    assert capsys.readouterr().out.count("\n") == 2


def test_the_command_writes_a_page_for_every_procedure(tmp_path: Path) -> None:
    assert main(["--write", str(tmp_path)]) == 0
    assert main(["--check", str(tmp_path)]) == 0
    for code in ("BNNPTNT0600009", "BYTE0500009", "BGTVT0600058"):
        assert (tmp_path / f"{code}.md").read_text().splitlines()[1].startswith(f"# {code}: ")


@pytest.mark.parametrize("code", ["BNNPTNT0600009", "BYTE0500009", "BGTVT0600058"])
def test_an_example_is_a_dossier_that_its_procedure_takes(code: str) -> None:
    pack = packs().versions(code)[-1]
    assert example_faults(pack) == []
    for example in pack.examples:
        assert faults(pack, example_content(pack, example)) == []


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        (('hs_code: "030617"', 'hs_code: "870321"'), "goods/0/hs_code", "not among this procedure's goods"),
        (('quantity: "100"', 'quantity: "0"'), "goods/0/quantity", "pattern"),
        (("direction: import", "direction: export"), "direction", "about import"),
        (("      maker: Siam Foods", "      makes: Siam Foods"), "form", "makes"),
        (("      - invoice\n", "      - test-report\n"), "documents", "kind invoice is missing"),
        (("- BYTE accepted", "- BCT accepted"), "story/0", "takes no part"),
        (("- BYTE accepted", "- BYTE agreed"), "story/0", "no agency says 'agreed'"),
        (("result-issued licensed", "result-issued"), "story/1", "end with passed, failed, licensed"),
        (("- BYTE accepted", "- BYTE accepted passed"), "story/0", "nothing else does"),
        (("- BYTE accepted", "- declarant prayer"), "story/0", "supplement, amendment"),
        (("ends: result_issued", "ends: well"), "ends", "no status 'well'"),
    ],
)
def test_an_example_that_cannot_be_filed_is_named(change: tuple[str, str], field: str, says: str) -> None:
    found = [fault for fault in example_faults(a_pack(change)) if fault.field == f"examples/0/{field}"]
    assert found
    assert says in found[0].says


def test_differences_are_told_by_what_names_an_item() -> None:
    old = {"documents": [{"kind": "a", "required": True}, {"kind": "b"}], "hs": ["03", "04"], "same": 1, "gone": 2}
    new = {"documents": [{"kind": "c"}, {"kind": "a", "required": False}], "hs": ["04", "05"], "same": 1, "came": 3}
    assert differences(old, new) == [
        Difference("documents/a/required", "changed", True, False),
        Difference("documents/b", "removed", {"kind": "b"}, None),
        Difference("documents/c", "added", None, {"kind": "c"}),
        Difference("hs", "removed", "03", None),
        Difference("hs", "added", None, "05"),
        Difference("gone", "removed", 2, None),
        Difference("came", "added", None, 3),
    ]


def test_order_and_type_are_differences_too() -> None:
    assert [one.change for one in differences({"a": [1, 2]}, {"a": [2, 1]})] == ["changed"]
    assert [one.change for one in differences({"a": True}, {"a": 1})] == ["changed"]
    assert [
        one.path for one in differences({"a": [{"kind": "x"}, {"kind": "y"}]}, {"a": [{"kind": "y"}, {"kind": "x"}]})
    ] == ["a"]
    assert differences({"a": [{"b": 1}]}, {"a": [{"b": 1}]}) == []


def test_a_pack_as_json_is_what_its_file_says() -> None:
    said = whole(a_pack())
    assert said["deadlines"]["warning"] == "4 working hours"
    assert said["effective_from"] == "2020-01-01"
    assert json.loads(json.dumps(said)) == said
