"""What stops intake before it starts: signatures are required and nobody is trusted, or files are wrong."""

from pathlib import Path
from typing import Any

import pytest
from nsw_intake.settings import IntakeSettings
from nsw_intake.signing.receipts import new_key
from nsw_intake.signing.setup import Trusted
from nsw_local.authority import ROOT_FILE, DevelopmentAuthority
from nsw_runtime.errors import BadSettings


def settings(folder: Path, **changed: Any) -> IntakeSettings:
    key = folder / "key.pem"
    key.write_text(new_key())
    known = {name: "x" * 40 for name, field in IntakeSettings.model_fields.items() if field.is_required()}
    return IntakeSettings.model_validate(known | {"http_port": 1, "receipt_key_file": str(key)} | changed)


def test_required_signatures_need_somebody_to_trust(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="NSW_SIGNING_ROOTS"):
        Trusted.read(settings(tmp_path))
    assert not Trusted.read(settings(tmp_path, signatures="optional")).roots.trusted


@pytest.mark.parametrize("wrong", ["receipt_key_file", "signing_roots"])
def test_a_file_that_is_not_there_stops_the_start(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(BadSettings, match=f"NSW_{wrong.upper()}"):
        Trusted.read(settings(tmp_path, signatures="optional", **{wrong: str(tmp_path / "none.pem")}))


def test_a_development_authority_is_trusted_in_development_alone(tmp_path: Path) -> None:
    DevelopmentAuthority.of(tmp_path / "authority")
    root = str(tmp_path / "authority" / ROOT_FILE)
    assert len(Trusted.read(settings(tmp_path, signing_roots=root, environment="development")).roots.trusted) == 1
    for signatures in ("required", "optional"):
        with pytest.raises(BadSettings, match="NSW DEVELOPMENT ONLY"):
            Trusted.read(settings(tmp_path, signing_roots=root, signatures=signatures))
