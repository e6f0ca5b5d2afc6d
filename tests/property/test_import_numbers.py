"""Numbers: the fast way agrees with the library, and reading is stable."""

import phonenumbers
from hypothesis import given
from hypothesis import strategies as st

from clarion.domain import numbering
from clarion.domain.contact import known_address, read_address
from clarion.domain.csv_safe import protect, restore
from clarion.domain.errors import BadAddress

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
COUNTRIES = st.sampled_from(
    ["", "BR", "MX", "AR", "US", "GB", "DE", "IT", "RU", "CI", "SG", "CO", "AU", *REGIONS]
)


def _example(region: str) -> str:
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    return (
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        if number
        else "+5541991234567"
    )


EXAMPLES = {region: _example(region) for region in REGIONS}


@st.composite
def digits(draw: st.DrawFn) -> str:
    """A real mobile number with some digits changed, added, dropped, and its + or code taken off; or noise."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.from_regex(r"\+?[0-9]{1,16}", fullmatch=True))
    text = list(EXAMPLES[draw(st.sampled_from(REGIONS))][1:])
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(text) - 1))
        match draw(st.sampled_from("change add drop".split())):
            case "change":
                text[place] = draw(st.sampled_from("0123456789"))
            case "add":
                text.insert(place, draw(st.sampled_from("0123456789")))
            case _ if len(text) > 4:
                del text[place]
    changed = "".join(text)
    return draw(
        st.sampled_from(["+" + changed, changed, changed[1:], changed[2:], changed[3:], "0" + changed[2:]])
    )


@given(digits(), COUNTRIES)
def test_the_fast_way_reads_a_number_exactly_as_the_library_does(text: str, country: str) -> None:
    fast = numbering.fast(text, country)
    if fast is not None:
        assert fast == numbering.slow(text, country)


@given(st.sampled_from(REGIONS))
def test_every_countrys_example_is_read_as_itself(region: str) -> None:
    example = EXAMPLES[region]
    assert phonenumbers.is_valid_number(phonenumbers.parse(example))
    assert read_address(example).address.person == known_address(example).person


@given(digits(), COUNTRIES)
def test_reading_a_number_again_changes_nothing(text: str, country: str) -> None:
    try:
        address = read_address(text, country).address
    except BadAddress:
        return
    again = read_address(address.e164)
    assert again.address == address
    assert again.correction == ""
    assert known_address(address.e164) == address
    assert known_address(address.person).person == address.person


@given(st.text() | st.text(alphabet="0123456789+-() ./٣²eE,\0x", max_size=25), COUNTRIES)
def test_any_text_is_a_number_or_refused(text: str, country: str) -> None:
    try:
        reading = read_address(text, country)
    except BadAddress:
        return
    assert reading.address.e164[0] == "+"
    assert reading.address.e164[1:].isdecimal()
    assert reading.address.e164.isascii()
    assert len(reading.address.e164) <= 18


@given(st.text() | st.text(alphabet="'=+-@\t\rab", max_size=6))
def test_R05_a_protected_cell_is_text_and_restored_exactly(cell: str) -> None:
    assert restore(protect(cell)) == cell
    assert protect(cell)[:1] not in {"=", "+", "-", "@", "\t", "\r"}
