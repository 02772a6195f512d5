"""`nsw submit` against a running window: filed once however often it is run, and told what is wrong field by field."""

import json

from nsw_cli.main import app
from nsw_command import Nsw
from typer.testing import CliRunner

DRUGS = "BYTE0800015"


def test_a_dossier_is_filed_once(nsw: Nsw, file, tmp_path) -> None:
    receipt = tmp_path / "receipt.json"
    said = nsw("submit", str(file), "--receipt", str(receipt))
    filed = json.loads(receipt.read_text())
    assert f"Dossier {filed['number']}: The window has the dossier" in said
    assert f"dossier show {filed['number']}" in said
    assert nsw.json("submit", str(file)) == filed, "the same dossier again: the first receipt"
    again = nsw.json("submit", str(file), "--idempotency-key", "once-more")
    assert again["number"] != filed["number"]
    assert "Hồ sơ" in nsw("submit", str(file), "--lang", "vi")
    assert nsw.json("dossier", "show", filed["number"])["procedure"] == DRUGS


def test_a_form_alone_and_what_is_shared(nsw: Nsw, file, tmp_path) -> None:
    whole = json.loads(file.read_text())
    form = tmp_path / "form.json"
    form.write_text(json.dumps(whole.pop("form")))
    shared = tmp_path / "shared.json"
    shared.write_text(json.dumps({name: part for name, part in whole.items() if name != "procedure"}))
    alone = ("submit", str(form), "--over", str(shared), "--procedure", DRUGS)
    assert nsw.json(*alone)["number"] == nsw.json("submit", str(file))["number"]
    assert nsw.json(*alone, "--business", "0100109106")["number"] != nsw.json(*alone)["number"]


def test_every_wrong_field_is_told(nsw: Nsw, file) -> None:
    spoiled = json.loads(file.read_text())
    del spoiled["consignment"]["border_gate"], spoiled["contact"]["name"]
    file.write_text(json.dumps(spoiled))
    said = nsw("submit", str(file), code=2)
    assert said.startswith("error: The dossier is not valid")
    assert "  /consignment/border_gate (border gate): Field required" in said
    assert "(tên người liên hệ): bắt buộc phải có" in nsw("submit", str(file), "--lang", "vi", code=2)
    result = CliRunner().invoke(app, ["submit", str(file), "--folder", str(nsw.folder), "--json"])
    assert [one["pointer"] for one in json.loads(result.stdout)["problem"]["errors"]] == [
        "/consignment/border_gate", "/contact/name",
    ]  # fmt: skip
