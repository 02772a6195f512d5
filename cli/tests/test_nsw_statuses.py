from typing import get_args

import pytest
from nsw_cli.statuses import HAPPENED, LABELS, SENTENCES, Language, happened, sentence
from nsw_contracts.events import PUBLIC_FACTS, says
from nsw_contracts.lifecycle import COMMANDS, STATUSES, AgencySays


def test_every_status_has_its_sentence_in_every_language() -> None:
    assert set(SENTENCES) == set(STATUSES)
    for texts in (*SENTENCES.values(), *HAPPENED.values()):
        assert set(texts) == set(get_args(Language))
    assert LABELS["en"].keys() == LABELS["vi"].keys() >= set(COMMANDS)


def test_a_status_of_a_later_release_speaks_for_itself() -> None:
    assert sentence("exported", "vi") == "exported"


@pytest.mark.parametrize("kind", [says(kind) for kind in PUBLIC_FACTS if says(kind) != "status-changed"])
def test_every_other_public_fact_has_a_sentence_of_its_own(kind: str) -> None:
    entry = {"type": kind, "status": "accepted"}
    assert happened(entry, "en") != sentence("accepted", "en")


@pytest.mark.parametrize(
    "word", [word for word in get_args(AgencySays) if word.startswith(("withdrawal-", "amendment-"))]
)
def test_an_answer_to_a_request_is_told_as_one(word: str) -> None:
    entry = {"type": "status-changed", "what": word, "status": "accepted"}
    assert happened(entry, "vi") == HAPPENED[word]["vi"]
