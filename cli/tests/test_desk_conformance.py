"""*desk* keeps every rule of the kit that applies, on a real Postgres whose network fails to order."""

from nsw_cli.desk_rig import desk
from nsw_contracts.adapter.conformance import check
from nsw_contracts.adapter.conformance.rig import rig_of


def test_the_desk_reaches_platinum() -> None:
    assert type(rig_of("desk")) is type(desk())
    report = check(desk())
    broken = {one.rule.id: one.says for one in report.results if one.outcome == "failed"}
    assert (report.quality, broken) == ("platinum", {})
    # What cannot befall a desk: it answers nothing, calls nobody, and what officers send is not signed.
    assert {one.rule.id for one in report.results if one.outcome == "not applicable"} == {
        "hears-replies", "believes-no-wrong-answer", "answers-the-agency", "survives-bombs-in-replies",
        "believes-signatures-only", "refuses-with-a-reason",
    }  # fmt: skip
