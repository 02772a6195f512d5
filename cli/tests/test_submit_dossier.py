"""From files and options to a dossier."""

import json

import pytest
from nsw_cli.errors import CommandError
from nsw_cli.submit_dossier import assembled, attachment, owner, with_documents


@pytest.fixture
def write(tmp_path):
    def written(name: str, value: object) -> object:
        file = tmp_path / name
        file.write_text(value if isinstance(value, str) else json.dumps(value))
        return file

    return written


def test_a_whole_dossier_stays_as_it_is(write) -> None:
    whole = {"procedure": "A1", "declarant": {"tax_code": "1"}, "form": {"x": 1}}
    assert assembled(write("d.json", whole), (), None, None) == whole


def test_a_form_alone_is_laid_over_what_is_shared(write) -> None:
    shared = {"declarant": {"tax_code": "1", "name": "Một"}, "contact": {"name": "A"}, "form": {"shared": 1, "x": 0}}
    dossier = assembled(write("form.json", {"x": 1}), [write("shared.json", shared)], "A1", "2")
    assert dossier == {
        "procedure": "A1", "declarant": {"tax_code": "2", "name": "Một"}, "contact": {"name": "A"},
        "form": {"shared": 1, "x": 1},
    }  # fmt: skip
    assert owner(dossier) == "2"


def test_documents_are_added_to_those_that_are_there() -> None:
    assert with_documents({"documents": [1]}, [{"kind": "invoice"}])["documents"] == [1, {"kind": "invoice"}]
    assert with_documents({}, []) == {}


@pytest.mark.parametrize(
    ("text", "why"), [("[]", "no JSON object"), ("{", "line 1, column 2"), ('"\udc80', "UTF-8"), ("{}", "--procedure")]
)
def test_a_file_of_no_use(tmp_path, text, why) -> None:
    file = tmp_path / "d.json"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(CommandError, match=why):
        assembled(file, (), None, None)


def test_what_is_missing_is_asked_for(tmp_path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        assembled(tmp_path / "none.json", (), None, None)
    with pytest.raises(CommandError, match="--business"):
        owner({"declarant": "x"})


@pytest.mark.parametrize("text", ["invoice", "invoice=", "=x", "Bad Kind=x", "invoice=/nowhere"])
def test_a_document_is_kind_and_file(text) -> None:
    with pytest.raises(CommandError, match="--document"):
        attachment(text)


def test_a_document(tmp_path) -> None:
    (tmp_path / "a=b.pdf").touch()
    assert attachment(f"invoice={tmp_path}/a=b.pdf") == ("invoice", tmp_path / "a=b.pdf")
