import pytest
from hypothesis import given
from hypothesis import strategies as st
from nsw_contracts.number import SERIAL_LIMIT, check_digit, dossier_number, is_dossier_number

numbers = st.builds(dossier_number, st.integers(2014, 2113), st.integers(0, SERIAL_LIMIT - 1))


@pytest.mark.parametrize(("digits", "check"), [("0794", 5), ("79462", 3), ("00200667308", 5)])
def test_known_check_digits(digits, check):
    """Published examples of ISO/IEC 7064, MOD 11,10."""
    assert check_digit(digits) == check


@given(numbers)
def test_a_number_is_a_number(number):
    assert len(number) == 12
    assert is_dossier_number(number)


@given(numbers)
def test_every_wrong_digit_is_caught(number):
    for place, right in enumerate(number):
        for wrong in "0123456789":
            if wrong != right:
                assert not is_dossier_number(number[:place] + wrong + number[place + 1 :])


@given(st.text(max_size=14))
def test_other_text_is_not_a_number(text):
    assert not is_dossier_number(f"{text}x")


@pytest.mark.parametrize("text", ["", "26000000000", "2600000000000", " 26000000000", "٢٦٠٠٠٠٠٠٠٠٠٠"])
def test_twelve_ascii_digits_or_nothing(text):
    assert not is_dossier_number(text)


def test_a_trailing_newline_is_not_a_number():
    assert not is_dossier_number(dossier_number(2026, 1) + "\n")


@pytest.mark.parametrize("serial", [-1, SERIAL_LIMIT])
def test_a_year_s_numbers_run_out_loudly(serial):
    with pytest.raises(ValueError, match="used up"):
        dossier_number(2026, serial)


def test_the_ends_of_a_year():
    assert dossier_number(2026, 0)[:11] == "26000000000"
    assert dossier_number(2026, SERIAL_LIMIT - 1)[:11] == "26999999999"
