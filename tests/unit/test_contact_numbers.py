"""Phone numbers as people write them."""

import pytest

from clarion.domain.contact import check_country, known_address, read_address
from clarion.domain.errors import BadAddress


@pytest.mark.parametrize(
    ("text", "country", "e164"),
    [
        ("+5541991234567", "", "+5541991234567"),
        ("+55 (41) 99123-4567", "BR", "+5541991234567"),
        ("41 99123-4567", "BR", "+5541991234567"),
        ("041 99123-4567", "BR", "+5541991234567"),
        ("0 15 41 99123-4567", "BR", "+5541991234567"),  # 15 is a carrier
        ("5541991234567", "BR", "+5541991234567"),
        ("00 55 41 99123-4567", "BR", "+5541991234567"),
        ("00 55 41 99123-4567", "US", "+5541991234567"),
        ("00 55 49 99123-4567", "BR", "+5549991234567"),  # to a Brazilian exchange: Germany by carrier 55
        ("\u202a+55 41 99123‑4567\u202c", "", "+5541991234567"),  # copied out of an address book
        ("tel:+1-212-555-0123", "", "+12125550123"),
        ("whatsapp:+5541991234567", "", "+5541991234567"),
        ("+44 (0)20 7946 0958", "", "+442079460958"),
        ("030/1234567", "DE", "+49301234567"),
        ("+39 06 1234 5678", "", "+390612345678"),  # Italy keeps its zero
        ("0057 300 1234567", "CO", "+573001234567"),
    ],
)
def test_R03_a_number_in_any_usual_spelling_becomes_e164(text: str, country: str, e164: str) -> None:
    reading = read_address(text, country)
    assert reading.address.e164 == e164
    assert reading.correction == ""


@pytest.mark.parametrize(
    ("text", "country", "reason"),
    [
        ("5.54199E+12", "BR", "lost digits in a spreadsheet"),
        ("5,54199E+12", "BR", "lost digits in a spreadsheet"),
        ("", "BR", "is empty"),
        ("   ", "BR", "is empty"),
        ("-", "BR", "has no digits"),
        ("1" * 30, "BR", "has 30 digits"),
        ("+55 41 ٩٩١٢٣٤٥٦٧", "BR", "'٩', which is not one of the digits 0 to 9"),
        ("+55 41 99123456²", "BR", "'²', which is not one of the digits 0 to 9"),
        ("+５５４１９９１２３４５６７", "BR", "not one of the digits"),
        ("1-800-FLOWERS", "US", "'F', which is not part of a phone number"),
        ("+1 212 555 0123 ext 4", "US", "'e', which is not part of a phone number"),
        ("+5541991234567+5541991234568", "BR", "keep one number"),
        ("3323-4567/68", "BR", "more than one number"),
        ("41 99123-4567 / 98888-7777", "BR", "is too long"),
        ("5541991234567", "", "no default country was given"),
        ("5491123456789", "BR", "a number of another country needs +"),
        ("+999123456789", "", "country code that does not exist"),
        ("+0055", "BR", "country code that does not exist"),
        ("+5500991234567", "", "is not a number that exists in BR (+55)"),
        ("004702000", "TJ", "could be +4702000 or +992004702000"),
        ("009 1 212 555 0123", "CO", "could be +912125550123 or +12125550123: write it with +"),
    ],
)
def test_R03_what_could_be_another_number_is_refused_with_its_reason(
    text: str, country: str, reason: str
) -> None:
    with pytest.raises(BadAddress) as caught:
        read_address(text, country)
    assert reason in str(caught.value)


def test_R03_a_spreadsheets_decimals_never_become_a_digit() -> None:
    address, correction = read_address("41991234567.0", "BR")
    assert address.e164 == "+5541991234567"
    assert correction == "decimals left out"


@pytest.mark.parametrize(
    ("spellings", "country", "person"),
    [
        pytest.param(
            ["+55 41 99123-4567", "41 9123-4567", "+554191234567", "0041991234567"[2:], "55 41 991234567"],
            "BR",
            "5541991234567",
            id="Brazil's ninth digit",
        ),
        pytest.param(["+55 41 7712-3456", "41 97712-3456"], "BR", "5541977123456", id="Brazil, radios"),
        pytest.param(
            [
                "+52 1 33 1234 5678",
                "+52 33 1234 5678",
                "044 33 1234 5678",
                "01 33 1234 5678",
                "5213312345678",
            ],
            "MX",
            "523312345678",
            id="Mexico's 1",
        ),
        pytest.param(
            ["+54 9 11 2345 6789", "+54 11 2345 6789", "011 15 2345-6789", "+54 11 15 2345 6789"],
            "AR",
            "541123456789",
            id="Argentina's 9",
        ),
    ],
)
def test_R04_one_person_in_several_spellings_has_one_key(
    spellings: list[str], country: str, person: str
) -> None:
    assert {read_address(text, country).address.person for text in spellings} == {person}
    assert known_address(person).person == person


@pytest.mark.parametrize(
    ("text", "e164", "correction"),
    [
        ("+55 41 8712-3456", "+5541987123456", "ninth digit added"),
        ("+55 41 6712-3456", "+5541967123456", "ninth digit added"),
        ("+55 41 7712-3456", "+554177123456", ""),  # perhaps a trunking radio, which has no ninth digit
        ("+55 41 3323-4567", "+554133234567", ""),  # a fixed line
        ("+52 1 33 1234 5678", "+523312345678", "old mobile prefix left out"),
        ("+54 11 15 2345 6789", "+5491123456789", "54111523456789 read as +5491123456789"),
        ("+54 11 2345 6789", "+541123456789", ""),  # perhaps a fixed line
    ],
)
def test_what_is_dialled_is_the_modern_form_where_that_is_certain(
    text: str, e164: str, correction: str
) -> None:
    reading = read_address(text)
    assert (reading.address.e164, reading.correction) == (e164, correction)


def test_a_number_that_a_provider_told_us_is_never_refused() -> None:
    assert known_address("554187123456").person == "5541987123456"  # as WhatsApp still writes it
    assert known_address("15550001111").e164 == "+15550001111"
    assert known_address("000").person == "000"


def test_a_country_is_two_letters() -> None:
    assert (check_country("br"), check_country("")) == ("BR", "")
    with pytest.raises(ValueError, match="'Brazil' is not a country"):
        check_country("Brazil")
