"""The golden files are what the models make, and only compatible changes are written over them."""

import json
import shutil

import pytest
from nsw_contracts.events import FACTS
from nsw_contracts.schemas import CONTRACTS, DIALECT, check, drift, main, schema, write


@pytest.fixture
def checkout(tmp_path):
    """A copy of the committed contracts that a test may spoil."""
    shutil.copytree(CONTRACTS / "schemas", tmp_path / "schemas")
    shutil.copy(CONTRACTS / "asyncapi.json", tmp_path)
    return tmp_path


def edit(path, change):
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path.read_text(encoding="utf-8")


def test_the_committed_contracts_are_what_the_models_make():
    assert [f"{one.path.name} {one.why}: run `make schemas`" for one in drift()] == []
    assert main(["--check"]) == 0


@pytest.mark.parametrize("fact_type", FACTS)
def test_a_schema_is_named_after_its_type(fact_type):
    document = schema(fact_type)
    assert document["$schema"] == DIALECT
    assert document["$id"] == f"urn:nsw:schema:{fact_type}"
    assert document["title"] == fact_type


def test_a_compatible_difference_is_listed_with_its_mend_and_written(checkout, capsys):
    edit(
        checkout / "schemas" / "vn.nsw.dossier.refused.v1.json",
        lambda document: document.update(description="Old."),
    )

    assert check(checkout) == 1
    assert capsys.readouterr().err == (
        "schemas/vn.nsw.dossier.refused.v1.json differs, compatibly\n"
        "The committed contracts are behind the models. Mend: `make schemas`, and commit what it writes.\n"
    )
    assert write(checkout) == 0
    assert capsys.readouterr().out == "wrote schemas/vn.nsw.dossier.refused.v1.json\n"
    assert check(checkout) == 0


def test_an_incompatible_difference_is_refused_and_nothing_is_written(checkout, capsys):
    path = checkout / "schemas" / "vn.nsw.dossier.refused.v1.json"
    spoiled = edit(path, lambda document: document["properties"].update(clerk={"type": "string"}))
    (checkout / "asyncapi.json").unlink()

    assert write(checkout) == 1
    said = capsys.readouterr().err
    assert "/properties/clerk: the property was removed or renamed" in said
    assert "`.v2`" in said
    assert path.read_text(encoding="utf-8") == spoiled
    assert not (checkout / "asyncapi.json").exists()
    assert check(checkout) == 1
    assert "`.v2`" in capsys.readouterr().err


def test_a_new_type_is_written(checkout):
    path = checkout / "schemas" / "vn.nsw.dossier.accepted.v1.json"
    path.unlink()
    assert check(checkout) == 1
    assert write(checkout) == 0
    assert json.loads(path.read_text(encoding="utf-8")) == schema("vn.nsw.dossier.accepted.v1")


def test_a_type_cannot_simply_go(checkout, capsys):
    (checkout / "schemas" / "vn.nsw.dossier.forgotten.v1.json").write_text("{}", encoding="utf-8")
    assert write(checkout) == 1
    assert "vn.nsw.dossier.forgotten.v1.json has no model" in capsys.readouterr().err


def test_a_broken_file_is_an_error_with_its_mend(checkout):
    (checkout / "schemas" / "vn.nsw.dossier.routed.v1.json").write_text("<<<<<<< HEAD", encoding="utf-8")
    with pytest.raises(ValueError, match="git checkout"):
        drift(checkout)
