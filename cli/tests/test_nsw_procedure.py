"""`nsw procedure`: lists, shows, checks, compares and begins packs; nothing needs to run for it."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from nsw_cli.main import app
from nsw_cli.procedure_check import _warnings
from nsw_procedures.pack_file import read_pack
from nsw_procedures.packs import packs
from typer.testing import CliRunner

REAL = ("BNNPTNT0600009", "BYTE0500009", "BGTVT0600058")


def nsw(*arguments: str, code: int = 0) -> str:
    """What `nsw procedure ARGUMENTS` says: on standard output, or on standard error where it is to refuse (code 2)."""
    result = CliRunner().invoke(app, ["procedure", *arguments])
    assert result.exit_code == code, f"{arguments}: exit code {result.exit_code}\n{result.output}"
    if code == 2:
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1
        assert result.stderr.startswith("error: ")
    return result.stderr if code == 2 else result.stdout


def nsw_json(*arguments: str, code: int = 0) -> Any:
    return json.loads(nsw(*arguments, "--json", code=code))


def test_the_list_has_every_procedure() -> None:
    listed = {one["code"]: one for one in nsw_json("list", "--on", "2026-03-02")}
    assert set(listed) == set(packs())
    for code in REAL:
        one = listed[code]
        assert one["lead_agency"] == code.rstrip("0123456789")
        assert one["coordinating_agencies"] == []
        assert (one["status"], one["placeholder"]) == ("live", False)
        assert one["version"] in {pack.version for pack in packs().versions(code)}
        assert set(one["names"]) == {"vi", "en"}
        assert date.fromisoformat(one["effective_from"]) <= date(2026, 3, 2)


def test_the_list_is_narrowed() -> None:
    def codes(*arguments: str) -> set[str]:
        return {one["code"] for one in nsw_json("list", *arguments)}

    assert codes("--text", "byte0500009") == {"BYTE0500009"}
    assert "BGTVT0600058" in codes("--text", "giay phep duong bo GMS", "--agency", "bgtvt")
    assert codes("--agency", "BYTE", "--stage", "live", "--on", "1999-01-01") == set()
    fish = codes("--hs", "0306")
    assert "BGTVT0600058" not in fish
    assert "No procedure fits" in nsw("list", "--text", "nothing is called so")
    assert "BYTE0500009" in nsw("list", "--text", "byte0500009")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list", "--agency", "BXX"], "there is no agency BXX; there are BTC"),
        (["list", "--stage", "alive"], "there is no stage alive; there are agreeing"),
        (["list", "--hs", "3"], "give 2 to 10 digits"),
        (["list", "--on", "31.3.2026"], "write it as 2026-03-31"),
        (["show", "BYTE9999999"], "`nsw procedure list --text"),
        (["show", "BYTE0500009", "--version", "1999.1"], "has no version 1999.1; there are "),
        (["diff", "BYTE0500009", "1999.1"], "has no version 1999.1"),
        (["check", "/no/such/folder"], "there is no /no/such/folder"),
        (["new", "BYTE0500009", "--agency", "BYTE"], "nsw procedure new BYTE0500009 --from BYTE0500009"),
        (["new", "BYTE0999998"], "name the lead agency with --agency"),
        (["new", "BYTE0999998", "--agency", "BXX"], "no agency BXX"),
        (["new", "nonsense", "--agency", "BYTE"], "code: "),
        (["new", "BYTE0500009", "--from", "BYTE0500009", "--agency", "BCT"], "is led by BYTE"),
    ],
)  # fmt: skip
def test_it_refuses_with_the_next_step(arguments: list[str], said: str, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert said in nsw(*arguments, code=2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("code", REAL)
def test_a_procedure_is_shown_whole(code: str) -> None:
    pack = packs().versions(code)[-1]
    for lang, name in (("en", pack.names.en), ("vi", pack.names.vi)):
        said = nsw("show", code.lower(), "--lang", lang)
        assert f"{code} {name}" in said
        for heading in ("Legal basis", "Form", "Documents", "Deadlines", "Example"):
            assert heading in said
        assert all(rule.kind in said for rule in pack.documents)
        assert all(field in said for field in pack.form["properties"])
    shown = nsw_json("show", code, "--version", pack.version)
    assert shown["pack"]["form"] == pack.form
    assert [one["version"] for one in shown["versions"]] == [one.version for one in packs().versions(code)]


def test_all_known_packs_are_well() -> None:
    found = nsw_json("check")
    assert found["mistakes"] == []
    assert found["ok"]
    assert found["packs"] == sum(len(packs().versions(code)) for code in packs())


def test_a_new_pack_is_well_at_once_and_nothing_is_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "BCT0399998.yaml"
    assert str(file) in nsw("new", "bct0399998", "--agency", "bct", "--out", str(tmp_path))
    assert nsw("check", str(tmp_path)) == "Packs checked: 1. Nothing is wrong.\n"
    assert read_pack(file).lead_agency == "BCT"
    file.write_text("mine")
    assert "exists and is left as it is" in nsw("new", "BCT0399998", "--agency", "BCT", "--out", str(tmp_path), code=2)
    assert file.read_text() == "mine"


def test_the_template_without_its_comment_signs_is_a_whole_pack(tmp_path: Path) -> None:
    """What the template keeps in comments is right too: whoever takes the signs away has a pack."""
    nsw("new", "BCT0399998", "--agency", "BCT", "--out", str(tmp_path))
    file = tmp_path / "BCT0399998.yaml"
    text = file.read_text().partition("code:")[1] + file.read_text().partition("code:")[2]
    lines = [line.replace("# ", "", 1) if line.lstrip().startswith("# ") else line for line in text.splitlines()]
    file.write_text("\n".join(line for line in lines if not line.lstrip().startswith("Formats: ")))
    assert nsw_json("check", str(file))["mistakes"] == []
    assert len(read_pack(file).examples) == 1


@pytest.mark.parametrize("code", REAL)
def test_the_next_version_moves_version_and_day_on_and_keeps_the_rest(code: str, tmp_path: Path) -> None:
    old = packs().versions(code)[-1]
    nsw("new", code, "--from", f"{code}@{old.version}", "--out", str(tmp_path))
    (file,) = tmp_path.iterdir()
    new = read_pack(file)
    assert file.name == f"{code}@{new.version}.yaml"
    assert new.version != old.version
    assert new.effective_from > old.effective_from
    changed = {"version", "effective_from"}
    assert new.model_dump(exclude=changed) == old.model_dump(exclude=changed)
    assert nsw_json("check", str(tmp_path))["ok"]


def test_a_procedure_like_another_begins_its_own_life(tmp_path: Path) -> None:
    nsw("new", "BCT0399998", "--from", "BYTE0500009", "--agency", "BCT", "--out", str(tmp_path))
    new = read_pack(tmp_path / "BCT0399998.yaml")
    assert (new.code, new.lead_agency, new.life.live) == ("BCT0399998", "BCT", None)
    assert nsw_json("check", str(tmp_path))["ok"]


def test_mistakes_are_told_a_line_each_with_exit_code_1(tmp_path: Path) -> None:
    nsw("new", "BCT0399998", "--agency", "BCT", "--out", str(tmp_path))
    good = (tmp_path / "BCT0399998.yaml").read_text()
    other = tmp_path / "below" / "BCT0399997.yaml"
    other.parent.mkdir()
    other.write_text(good.replace("lead_agency: BCT", "lead_agency: BXX").replace("years: 5", "years: 0"))
    (tmp_path / "wrong-name.yaml").write_text(good)
    said = nsw("check", str(tmp_path), str(other), code=1)
    assert len(said.splitlines()) == 4  # a file is checked once, however often it is named
    line = good.splitlines().index("lead_agency: BCT") + 1
    assert f"{other}:{line}: lead_agency: no agency BXX" in said
    assert f"{tmp_path / 'wrong-name.yaml'}:1: code: the file of BCT0399998 is BCT0399998.yaml" in said
    found = nsw_json("check", str(tmp_path), code=1)
    assert not found["ok"]
    assert found["packs"] == 3
    assert {"file": str(other), "line": line, "field": "lead_agency"}.items() <= found["mistakes"][0].items()


def test_an_example_that_cannot_be_filed_is_a_mistake(tmp_path: Path) -> None:
    nsw("new", "BYTE0500009", "--from", "BYTE0500009", "--out", str(tmp_path))
    (file,) = tmp_path.iterdir()
    story = packs().versions("BYTE0500009")[-1].examples[0].story[0]
    file.write_text(file.read_text().replace(f"- {story}", "- BYTE agreed"))
    found = nsw_json("check", str(file), code=1)["mistakes"][0]
    assert found["field"] == "examples/0/story/0"
    assert file.read_text().splitlines()[found["line"] - 1].strip() == "- BYTE agreed"


def test_the_calendars_end_is_told_in_time() -> None:
    assert list(_warnings(date(2026, 12, 31), date(2026, 10, 2))) == []
    (said,) = _warnings(date(2026, 12, 31), date(2026, 10, 3))
    assert "ends on 2026-12-31, in 89 days" in said


def test_versions_are_compared(tmp_path: Path, monkeypatch) -> None:
    """With a later version brought by another distribution."""
    package = tmp_path / "next_packs"
    package.mkdir()
    (package / "__init__.py").write_text("")
    nsw("new", "BGTVT0600058", "--from", "BGTVT0600058", "--out", str(package))
    (file,) = package.glob("*.yaml")
    file.write_text(file.read_text().replace("years: 5", "years: 9"))
    info = tmp_path / "next_packs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: next-packs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[nsw.procedure_packs]\nnext = next_packs\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    packs.cache_clear()
    try:
        found = nsw_json("diff", "BGTVT0600058")
        changed = {one["path"]: (one["change"], one["old"], one["new"]) for one in found["differences"]}
        assert set(changed) == {"version", "effective_from", "retention/years"}
        assert changed["retention/years"] == ("changed", 5, 9)
        assert "changed retention/years: 5 → 9" in nsw("diff", "BGTVT0600058", found["old"], found["new"])
        assert "Nothing differs" in nsw("diff", "BGTVT0600058", found["new"], found["new"])
        assert f"Other versions: {found['new']} from" in nsw("show", "BGTVT0600058")
        assert nsw_json("check")["ok"]
    finally:
        packs.cache_clear()
