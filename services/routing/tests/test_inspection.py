"""Inspection by the goods: modes climb as the policy says, a failure leads back, and the owner never matters."""

import unicodedata
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nsw_contracts.events import Goods, LineInspection
from nsw_procedures.inspection_policy import MODES, InspectionPolicy
from nsw_routing.draws import Draw, Draws
from nsw_routing.inspection import (
    KEY_BYTES,
    GoodsRecord,
    after,
    decide,
    goods_key,
    is_inspected,
    keys_to_update,
    mode_after_failure,
    mode_at,
    unseen,
)

AT = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)  # 09:30 in Viet Nam
DAY = timedelta(days=1)
NUMBER = "260000000017"
POLICY = InspectionPolicy(
    name="food", start="normal", passes={"tight": 2, "normal": 3, "reduced": 4}, exempt_months=12, random_percent=5
)
SHRIMP = Goods(
    line=1, hs_code="030617", description="Tôm sú đông lạnh", origin_country="EC", quantity="1000", unit="KGM"
)
DRAW = Draws(b"s" * 32).draw(AT.date())


class Taken(Draw):
    """A random check that takes every line: for sentences, not for statistics."""

    def drawn(self, number: str, line: int, percent: float) -> bool:
        return percent > 0


def history(outcomes: str, policy: InspectionPolicy = POLICY, *, at: datetime = AT) -> GoodsRecord:
    """The record after outcomes such as `pppf`, one a minute before `at`."""
    record = unseen(policy, "k")
    for index, outcome in enumerate(outcomes):
        record = after(record, policy, outcome == "p", at - timedelta(minutes=len(outcomes) - 1 - index))
    return record


def line(record: GoodsRecord, policy: InspectionPolicy = POLICY, *, at: datetime = AT, draw: Draw = DRAW):
    return decide(policy, record, number=NUMBER, line=1, hs_code="030617", at=at, draw=draw)


policies = st.builds(
    InspectionPolicy,
    name=st.just("any"),
    start=st.sampled_from(MODES),
    after_failure=st.sampled_from(["tight", "normal"]),
    passes=st.integers(1, 3).flatmap(
        lambda many: st.fixed_dictionaries({mode: st.integers(1, 4) for mode in ("tight", "normal", "reduced")[:many]})
    ),
    exempt_months=st.integers(1, 60),
    random_percent=st.sampled_from([0, 0.5, 5]),
)
results = st.lists(st.booleans(), max_size=30)


@pytest.mark.parametrize(
    ("outcomes", "mode", "passes"),
    [
        ("", "normal", 0),
        ("p", "normal", 1),
        ("pp", "normal", 2),
        ("ppp", "reduced", 0),
        ("ppppp", "reduced", 2),
        ("ppppppp", "exempt", 0),
        ("pppppppp", "exempt", 1),
        ("f", "tight", 0),
        ("fp", "tight", 1),
        ("fpp", "normal", 0),
        ("fppppp", "reduced", 0),
        ("fpfpp", "normal", 0),
        ("ppfpp", "normal", 0),
        ("pppf", "tight", 0),
        ("pppppppf", "tight", 0),
        ("ff", "tight", 0),
    ],
)
def test_climbing_as_the_policy_says(outcomes: str, mode: str, passes: int) -> None:
    record = history(outcomes)
    assert (record.mode, record.passes, record.outcomes) == (mode, passes, len(outcomes))
    assert (record.exempt_until is not None) == (mode == "exempt")


@given(policies, results)
def test_what_the_policy_says_of_any_history(policy: InspectionPolicy, passed: list[bool]) -> None:
    records = [unseen(policy, "k")]
    for one in passed:
        records.append(after(records[-1], policy, one, AT))
    assert records[-1].outcomes == len(passed)
    for (earlier, later), one in zip(pairwise(records), passed, strict=True):
        climbed = MODES.index(later.mode) - MODES.index(earlier.mode)
        needed = policy.passes.get(earlier.mode)
        if not one:
            assert (later.mode, later.passes, later.exempt_until) == (mode_after_failure(policy), 0, None)
        elif needed == earlier.passes + 1:
            assert (climbed, later.passes) == (1, 0)
        else:
            assert (climbed, later.passes) == (0, earlier.passes + 1)


@given(policies)
def test_a_failure_never_leads_to_less_than_unseen_goods_get(policy: InspectionPolicy) -> None:
    assert MODES.index(mode_after_failure(policy)) <= MODES.index(policy.start)
    if policy.start != "tight":
        assert mode_after_failure(policy) == policy.after_failure


@given(policies, results, results)
def test_a_failure_wipes_out_what_was_earned_before_it(
    policy: InspectionPolicy, earlier: list[bool], later: list[bool]
) -> None:
    """Order matters through failures alone: whatever came before one, the same results after it lead to the same."""
    ends = []
    for before in ([], earlier):
        record = unseen(policy, "k")
        for passed in [*before, False, *later]:
            record = after(record, policy, passed, AT)
        ends.append(record._replace(outcomes=0))
    assert ends[0] == ends[1]


@pytest.mark.parametrize(
    ("at", "months", "until"),
    [
        (AT, 12, datetime(2027, 3, 2, 2, 30, tzinfo=UTC)),
        (datetime(2026, 1, 31, 3, tzinfo=UTC), 1, datetime(2026, 2, 28, 3, tzinfo=UTC)),
        (datetime(2027, 12, 31, 3, tzinfo=UTC), 2, datetime(2028, 2, 29, 3, tzinfo=UTC)),
        # 01:00 on 1 February in Viet Nam is 31 January in UTC: months are Viet Nam's
        (datetime(2026, 1, 31, 18, tzinfo=UTC), 1, datetime(2026, 2, 28, 18, tzinfo=UTC)),
        (AT, 60, datetime(2031, 3, 2, 2, 30, tzinfo=UTC)),
    ],
)
def test_an_exemption_lasts_calendar_months(at: datetime, months: int, until: datetime) -> None:
    policy = POLICY.model_copy(update={"exempt_months": months})
    assert history("p" * 7, policy, at=at).exempt_until == until


def test_an_exemption_ends() -> None:
    record = history("p" * 7)
    assert record.exempt_until is not None
    assert mode_at(record, record.exempt_until - timedelta(seconds=1)) == "exempt"
    assert mode_at(record, record.exempt_until) == "reduced"
    later = after(record, POLICY, True, record.exempt_until)
    assert (later.mode, later.passes, later.exempt_until) == ("reduced", 1, None)
    again = record
    for _ in range(4):
        again = after(again, POLICY, True, record.exempt_until + DAY)
    assert again.mode == "exempt"
    assert again.exempt_until == datetime(2028, 3, 3, 2, 30, tzinfo=UTC)


def test_a_check_passed_while_exempt_lengthens_nothing() -> None:
    record = history("p" * 7)
    later = after(record, POLICY, True, AT + 30 * DAY)
    assert (later.mode, later.exempt_until) == ("exempt", record.exempt_until)
    assert after(later, POLICY, False, AT + 31 * DAY).mode == "tight"


def test_goods_that_begin_exempt_stay_so_until_they_fail() -> None:
    policy = InspectionPolicy(name="feed", start="exempt", passes={"tight": 1})
    record = unseen(policy, "k")
    assert mode_at(record, AT + 10_000 * DAY) == "exempt"
    assert after(record, policy, True, AT).mode == "exempt"
    assert after(record, policy, False, AT).mode == "tight"


# --- the goods --------------------------------------------------------------------------------------------------


@given(st.text(min_size=1, max_size=500), st.text(min_size=1, max_size=40))
def test_the_key_is_stable_text_of_bounded_length(description: str, maker: str) -> None:
    policy = POLICY.model_copy(update={"goods": ("hs_code", "description"), "form_fields": ("maker",)})
    goods = SHRIMP.model_copy(update={"description": description})
    key = goods_key(policy, goods, {"maker": maker, "importer": "A"})
    assert key == goods_key(policy, goods, {"importer": "B", "maker": maker})
    assert len(key.encode()) <= KEY_BYTES
    assert "\x00" not in key


@pytest.mark.parametrize(
    "same",
    [
        "tôm sú đông lạnh",
        "  TÔM SÚ\u00a0 ĐÔNG\tLẠNH ",
        unicodedata.normalize("NFD", "Tôm sú đông lạnh"),
        "Tôm\u200b sú đông\ufeff lạnh",
        "Ｔôm sú đông lạnh",
    ],
)
def test_one_description_written_in_many_ways(same: str) -> None:
    policy = POLICY.model_copy(update={"goods": ("description",)})
    assert goods_key(policy, SHRIMP.model_copy(update={"description": same}), {}) == goods_key(policy, SHRIMP, {})


@pytest.mark.parametrize("other", ["Tom su dong lanh", "Tôm sủ đông lạnh", "Tôm sú, đông lạnh", "Tôm súđông lạnh"])
def test_other_descriptions_are_other_goods(other: str) -> None:
    policy = POLICY.model_copy(update={"goods": ("description",)})
    assert goods_key(policy, SHRIMP.model_copy(update={"description": other}), {}) != goods_key(policy, SHRIMP, {})


def test_only_what_the_policy_names_makes_the_goods() -> None:
    key = goods_key(POLICY, SHRIMP, {"maker": "EC-1"})
    changed = {"line": 9, "description": "x", "quantity": "2", "unit": "TNE"}
    assert goods_key(POLICY, SHRIMP.model_copy(update=changed), {}) == key
    assert goods_key(POLICY, SHRIMP.model_copy(update={"origin_country": "IN"}), {}) != key
    by_maker = POLICY.model_copy(update={"form_fields": ("maker",)})
    keys = [
        goods_key(by_maker, SHRIMP, form) for form in ({"maker": "EC-1"}, {"maker": "EC-2"}, {}, {"maker": ["EC-1"]})
    ]
    assert len({key, *keys}) == 5
    assert goods_key(by_maker, SHRIMP, {"maker": " ec-1"}) == keys[0]


def test_packs_may_name_the_fields_in_any_order() -> None:
    turned = POLICY.model_copy(update={"goods": ("origin_country", "hs_code")})
    assert goods_key(turned, SHRIMP, {}) == goods_key(POLICY, SHRIMP, {})


# --- one line ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcomes", "mode", "en", "vi"),
    [
        ("", "normal", "no inspection of these goods has had a result yet", "chưa có kết quả kiểm tra nào"),
        ("pp", "normal", "began so, and have passed 2 inspections in a row until now", "đạt yêu cầu 2 lần liên tiếp"),
        ("f", "tight", "these goods failed their latest inspection", "không đạt yêu cầu ở lần kiểm tra gần nhất"),
        ("pfp", "tight", "failed an inspection, and have passed only 1 inspection since", "mới đạt 1 lần liên tiếp"),
        ("fpp", "normal", "passed enough inspections in a row (the rule: 2 under tight", "2 lần ở mức kiểm tra chặt"),
        ("fppp", "normal", "and passed 1 inspection since", "sau đó đạt thêm 1 lần liên tiếp"),
        (
            "ppp",
            "reduced",
            "(the rule: 3 under normal inspection)",
            "(theo quy định: 3 lần ở mức kiểm tra thông thường)",
        ),
        ("ppppppp", "exempt", "are exempt until 09:30 on 2 March 2027", "được miễn đến 09:30 ngày 02/03/2027"),
    ],
)
def test_each_decision_says_why(outcomes: str, mode: str, en: str, vi: str) -> None:
    found = line(history(outcomes))
    assert found.mode == mode
    assert en in found.why.en
    assert vi in found.why.vi
    assert "whoever imports them" in found.why.en
    assert "bất kể ai nhập khẩu" in found.why.vi


def test_the_end_of_an_exemption_is_said() -> None:
    record = history("p" * 7)
    found = line(record, at=AT + 400 * DAY)
    assert found.mode == "reduced"
    assert "the exemption of these goods ended at 09:30 on 2 March 2027 (Viet Nam time)" in found.why.en
    assert "đã hết vào 09:30 ngày 02/03/2027" in found.why.vi


@given(policies, results, st.integers(0, 4000))
def test_the_sentences_fit_and_are_the_goods_own(policy: InspectionPolicy, passed: list[bool], days: int) -> None:
    record = unseen(policy, "k")
    for one in passed:
        record = after(record, policy, one, AT)
    found = line(record, policy, at=AT + days * DAY)
    assert found.mode == mode_at(record, AT + days * DAY)
    if not all(passed) and found.mode == "tight":
        assert "failed" in found.why.en
    if all(passed):
        assert "failed" not in found.why.en
    assert found.why.en.count(":") >= 1
    assert NUMBER not in found.why.en + found.why.vi


@pytest.mark.parametrize(("outcomes", "spared"), [("f", False), ("", False), ("ppp", True), ("ppppppp", True)])
def test_the_random_check_takes_lines_that_are_spared(outcomes: str, spared: bool) -> None:
    found = line(history(outcomes), draw=Taken(DRAW.day, DRAW.seed))
    assert found.drawn is spared
    assert ("The random check of 2 March 2026, whose share is 5 %, took this line" in found.why.en) is spared
    assert ("Kiểm tra ngẫu nhiên ngày 02/03/2026 (tỷ lệ 5%) đã chọn dòng hàng này" in found.why.vi) is spared
    without = POLICY.model_copy(update={"random_percent": 0})
    found = line(history(outcomes, without), without, draw=Taken(DRAW.day, DRAW.seed))
    assert not found.drawn
    assert "random" not in found.why.en


def test_a_share_is_written_as_each_language_writes_it() -> None:
    policy = POLICY.model_copy(update={"random_percent": 2.5})
    found = line(history("ppp", policy), policy, draw=Taken(DRAW.day, DRAW.seed))
    assert "2.5 %" in found.why.en
    assert "2,5%" in found.why.vi


def test_a_result_counts_for_the_goods_that_were_inspected_once_each() -> None:
    def goods(number: int, hs_code: str) -> Goods:
        return SHRIMP.model_copy(update={"line": number, "hs_code": hs_code})

    def decided(number: int, mode: str, drawn: bool = False) -> LineInspection:
        why = {"vi": "…", "en": "…"}
        return LineInspection.model_validate(
            {"line": number, "hs_code": "030617", "mode": mode, "drawn": drawn, "why": why}
        )

    filed = [goods(1, "030617"), goods(2, "030617"), goods(3, "020130"), goods(4, "020230"), goods(5, "100630")]
    lines = [
        decided(1, "normal"),
        decided(2, "normal"),
        decided(3, "exempt"),
        decided(4, "exempt", drawn=True),
        decided(5, "reduced"),
    ]
    assert [is_inspected(one) for one in lines] == [True, True, False, True, True]
    keys = keys_to_update(POLICY, filed, {}, lines)
    assert keys == tuple(sorted(goods_key(POLICY, filed[index], {}) for index in (0, 3, 4)))
    assert keys_to_update(POLICY, filed, {}, []) == ()
