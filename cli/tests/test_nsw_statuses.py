from typing import get_args

import pytest
from nsw_cli.statuses import LABELS, happened
from nsw_contracts.lifecycle import COMMANDS, AgencySays
from nsw_contracts.sentences import HAPPENED
from nsw_contracts.telling import sentence


def test_labels_are_there_in_both_languages() -> None:
    assert LABELS["en"].keys() == LABELS["vi"].keys() >= set(COMMANDS)


def test_a_status_of_a_later_release_speaks_for_itself() -> None:
    assert sentence("exported", "vi") == "exported"


@pytest.mark.parametrize(
    "word", [word for word in get_args(AgencySays) if word.startswith(("withdrawal-", "amendment-"))]
)
def test_an_answer_to_a_request_is_told_as_one(word: str) -> None:
    entry = {"type": "status-changed", "what": word, "status": "accepted"}
    assert happened(entry, "vi") == HAPPENED[word]["vi"]


def test_filing_is_told_by_its_status() -> None:
    assert happened({"type": "submitted", "status": "submitted"}, "en") == sentence("submitted", "en")
