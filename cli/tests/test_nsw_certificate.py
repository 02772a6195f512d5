"""`nsw certificate issue` and `revoke`: the local stack's authority, and nobody else's."""

from nsw_command import Nsw, eventually

TAX_CODE = "9000000013"


def test_a_revoked_certificate_signs_nothing_more(nsw: Nsw, file, tmp_path) -> None:
    key = str(tmp_path / "business.p12")
    of = ("--business", TAX_CODE)
    issued = nsw.json("certificate", "issue", *of, "--out", key)
    assert (issued["declarant"], issued["development"]) == (TAX_CODE, True)
    assert "is there already" in nsw("certificate", "issue", *of, "--out", key, code=2)
    assert "is no tax code" in nsw("certificate", "issue", "--business", "123", "--out", f"{key}2", code=2)
    nsw("certificate", "register", key, *of)
    filed = ("submit", str(file), "--sign", key, "--idempotency-key")
    nsw(*filed, "before")
    assert "Revoked" in nsw("certificate", "revoke", key)

    tries = iter(range(10_000))
    said = eventually(lambda: nsw.refusal(*filed, f"after-{next(tries)}"))
    assert "revoked" in said
    assert any(one.get("revoked_at") for one in nsw.json("certificate", "list", *of))


def test_no_other_window_has_it(idle: Nsw, tmp_path) -> None:
    key = tmp_path / "business.p12"
    issue = ("certificate", "issue", "--business", TAX_CODE, "--out", str(key))
    assert "only a local stack has a development authority" in idle(*issue, code=2)
    told = {"NSW_INTAKE_URL": "https://window.example.vn"}
    assert "get your certificate from a certification authority" in idle(*issue, code=2, env=told)
    assert not key.exists()
