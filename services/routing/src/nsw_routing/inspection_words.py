"""Why a line of goods is inspected as it is: sentences for its importer, in Vietnamese and English.

They speak of the goods and of nobody who imported them; a figure of the policy's is said as the rule, not as history.
"""

from datetime import date, datetime
from functools import lru_cache
from typing import Final, NamedTuple

from nsw_contracts.events import Explanation, InspectionMode
from nsw_procedures.inspection_policy import GoodsField

from nsw_routing.draws import VIET_NAM


class Sentence(NamedTuple):
    """One sentence in both languages."""

    vi: str
    en: str


MODE_NAMES: Final[dict[InspectionMode, Sentence]] = {
    "tight": Sentence("Kiểm tra chặt", "Tight inspection"),
    "normal": Sentence("Kiểm tra thông thường", "Normal inspection"),
    "reduced": Sentence("Kiểm tra giảm", "Reduced inspection"),
    "exempt": Sentence("Miễn kiểm tra", "Exempt from inspection"),
}
_FIELD_NAMES: Final[dict[GoodsField, Sentence]] = {
    "hs_code": Sentence("mã HS", "HS code"),
    "origin_country": Sentence("nước xuất xứ", "country of origin"),
    "description": Sentence("tên hàng", "description"),
}


_remember = lru_cache(maxsize=1024)  # the same few sentences are said of most lines


@_remember
def joined(*sentences: Sentence) -> Explanation:
    """Sentences as one explanation."""
    return Explanation(vi=" ".join(one.vi for one in sentences), en=" ".join(one.en for one in sentences))


@_remember
def never_seen(mode: InspectionMode) -> Sentence:
    """Nothing is known of the goods."""
    return _because(
        mode,
        "chưa có kết quả kiểm tra nào đối với loại hàng hóa này",
        "no inspection of these goods has had a result yet",
    )


@_remember
def began(mode: InspectionMode, passes: int) -> Sentence:
    """The goods are still where unseen goods begin."""
    return _because(
        mode,
        f"loại hàng hóa này bắt đầu ở mức này và đến nay đã đạt yêu cầu {passes} lần liên tiếp",
        f"these goods began so, and have passed {_times(passes)} until now",
    )


@_remember
def failed(mode: InspectionMode, passes: int) -> Sentence:
    """A failure led back here, `passes` results ago."""
    if passes == 0:
        return _because(
            mode,
            "loại hàng hóa này không đạt yêu cầu ở lần kiểm tra gần nhất",
            "these goods failed their latest inspection",
        )
    return _because(
        mode,
        f"loại hàng hóa này đã không đạt yêu cầu, từ đó đến nay mới đạt {passes} lần liên tiếp",
        f"these goods failed an inspection, and have passed only {_times(passes)} since",
    )


@_remember
def climbed(mode: InspectionMode, passes: int, earlier: InspectionMode, needed: int | None) -> Sentence:
    """Passes in the `earlier` mode led here, of which the policy now asks for `needed`; `passes` more followed."""
    rule_vi = f" (theo quy định: {needed} lần ở mức {MODE_NAMES[earlier].vi.lower()})" if needed else ""
    rule_en = f" (the rule: {needed} under {MODE_NAMES[earlier].en.lower()})" if needed else ""
    more_vi = f", sau đó đạt thêm {passes} lần liên tiếp" if passes else ""
    more_en = f", and passed {_times(passes)} since" if passes else ""
    return _because(
        mode,
        f"loại hàng hóa này đã đạt yêu cầu đủ số lần liên tiếp{rule_vi}{more_vi}",
        f"these goods passed enough inspections in a row{rule_en}{more_en}",
    )


@_remember
def exempt(until: datetime) -> Sentence:
    """Passes led to an exemption that holds."""
    return _because(
        "exempt",
        f"loại hàng hóa này đã đạt yêu cầu đủ số lần liên tiếp, được miễn đến {_time_vi(until)}",
        f"these goods passed enough inspections in a row, and are exempt until {_time_en(until)}",
    )


@_remember
def exemption_over(until: datetime) -> Sentence:
    """An exemption has ended."""
    return _because(
        "reduced",
        f"thời hạn miễn kiểm tra đối với loại hàng hóa này đã hết vào {_time_vi(until)}",
        f"the exemption of these goods ended at {_time_en(until)}",
    )


@_remember
def random_check(day: date, percent: float, *, taken: bool) -> Sentence:
    """What the random check of a day said of a line whose mode spares it."""
    share = f"{percent:g}"
    vi = f"Kiểm tra ngẫu nhiên ngày {day:%d/%m/%Y} (tỷ lệ {share.replace('.', ',')}%)"
    en = f"The random check of {day.day} {day:%B %Y}, whose share is {share} %,"
    if taken:
        return Sentence(
            f"{vi} đã chọn dòng hàng này nên hàng vẫn được kiểm tra.",
            f"{en} took this line: it is inspected all the same.",
        )
    return Sentence(f"{vi} không chọn dòng hàng này.", f"{en} did not take this line.")


@_remember
def same_goods(fields: tuple[GoodsField, ...], *, and_form: bool) -> Sentence:
    """Which goods count as the same: by these fields of a line, and by some of the form's."""
    names = [_FIELD_NAMES[field] for field in fields]
    if and_form:
        names.append(Sentence("thông tin về hàng trong biểu mẫu", "particulars in the form"))
    return Sentence(
        f"Hàng hóa có cùng {_listed([name.vi for name in names], 'và')} được xét như nhau, bất kể ai nhập khẩu.",
        f"Goods with the same {_listed([name.en for name in names], 'and')} count as the same, whoever imports them.",
    )


def _listed(names: list[str], last: str) -> str:
    return f" {last} ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _because(mode: InspectionMode, vi: str, en: str) -> Sentence:
    name = MODE_NAMES[mode]
    return Sentence(f"{name.vi}: {vi}.", f"{name.en}: {en}.")


def _times(passes: int) -> str:
    return "1 inspection" if passes == 1 else f"{passes} inspections in a row"


def _time_vi(at: datetime) -> str:
    return f"{at.astimezone(VIET_NAM):%H:%M ngày %d/%m/%Y}"


def _time_en(at: datetime) -> str:
    here = at.astimezone(VIET_NAM)
    return f"{here:%H:%M} on {here.day} {here:%B %Y} (Viet Nam time)"
