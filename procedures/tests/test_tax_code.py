"""Tax codes against published ones and against every single-digit slip."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nsw_procedures.tax_code import check_digit, is_tax_code


@pytest.mark.parametrize("published", ["0300588569", "0101248141", "0100109106"])
def test_published_codes_of_large_companies_are_valid(published: str) -> None:
    assert is_tax_code(published)
    assert is_tax_code(published + "-001")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "030058856",
        "03005885690",
        "0300588569-1",
        "0300588569-0011",
        "0300588569 ",
        "0300588569\n",
        "٠300588569",
    ],
)
def test_other_shapes_are_not(text: str) -> None:
    assert not is_tax_code(text)


@given(st.from_regex(r"[0-9]{9}", fullmatch=True), st.integers(0, 8), st.integers(1, 9))
def test_one_wrong_digit_is_always_caught(nine: str, place: int, shift: int) -> None:
    check = check_digit(nine)
    if check is None:
        assert not any(is_tax_code(f"{nine}{last}") for last in range(10))
        return
    slipped = nine[:place] + str((int(nine[place]) + shift) % 10) + nine[place + 1 :]
    assert is_tax_code(f"{nine}{check}")
    assert not is_tax_code(f"{slipped}{check}")


@pytest.mark.parametrize("text", ["", "12345678", "1234567890", "12345678a", "１２３４５６７８９"])
def test_check_digit_needs_nine_digits(text: str) -> None:
    with pytest.raises(ValueError, match="nine digits"):
        check_digit(text)
