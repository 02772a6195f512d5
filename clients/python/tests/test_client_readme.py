"""The README's example runs as it stands there."""

import json
import re
from pathlib import Path

from little_window import RECEIPT, key_files, little_window

README = Path(__file__).parents[1] / "README.md"


def test_the_example_runs(tmp_path, monkeypatch, capsys) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    _, certificate = key_files(tmp_path)
    certificate.rename(tmp_path / "certificate.pem")
    (tmp_path / "dossier.json").write_text(json.dumps({"declarant": {"tax_code": "0100109106"}}))
    (tmp_path / "application.pdf").write_bytes(b"%PDF-1.7")
    with little_window() as door:
        for status, body in ((404, None), (201, {}), (202, RECEIPT), (200, _dossier())):
            door.next(status, body)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("NSW_URL", door.url)
        monkeypatch.setenv("NSW_TOKEN", "a-token")
        exec(compile(example, str(README), "exec"), {})
    assert capsys.readouterr().out == f"{RECEIPT['number']} accepted\n"
    filed = json.loads(door.asked[2].body)
    assert filed["documents"][0]["media_type"] == "application/pdf"
    assert door.asked[2].headers["nsw-signature"]


def _dossier() -> dict[str, object]:
    at = RECEIPT["received_at"]
    return {"number": RECEIPT["number"], "procedure": "BYTE0500009", "status": "accepted", "possible": [],
            "submitted_at": at, "timeline": []}  # fmt: skip
