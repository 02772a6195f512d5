from typing import get_args

from nsw_cli.statuses import LABELS, SENTENCES, Language, sentence
from nsw_contracts.events import Status


def test_every_status_has_its_sentence_in_every_language() -> None:
    assert set(SENTENCES) == set(get_args(Status))
    for texts in SENTENCES.values():
        assert set(texts) == set(get_args(Language))
    assert LABELS["en"].keys() == LABELS["vi"].keys()


def test_a_status_of_a_later_release_speaks_for_itself() -> None:
    assert sentence("withdrawn", "vi") == "withdrawn"
