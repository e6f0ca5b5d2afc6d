"""What messages cost, from a table the operator gives: no price is invented.

The table is TOML: a currency, and for each provider and category a price, or prices by calling code:

    currency = "USD"
    [whatsapp]
    service = 0
    utility = { "55" = 0.0068, default = 0.012, in_window = 0 }
    marketing = { "55" = 0.0625, default = 0.08 }
    [twilio]
    sms = { "55" = 0.0599 }     # for each segment

`in_window` is the price within 24 hours of the person's last message, where that is another one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

_GSM = re.compile(r"[\n\r !-Z_a-z£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà^{}\\\[~\]|€]*")
_GSM_TWO = re.compile(r"[\^{}\\\[~\]|€]")


def segments(text: str) -> int:
    """How many SMS a text takes: one of 160 GSM-7 signs or 70 UTF-16 units, several of 153 or 67 each.

    Source: 3GPP TS 23.038 and 23.040.
    """
    if _GSM.fullmatch(text):
        length, one, more = len(text) + len(_GSM_TWO.findall(text)), 160, 153
    else:
        length, one, more = len(text.encode("utf-16-le")) // 2, 70, 67
    return 1 if length <= one else -(-length // more)


@dataclass(frozen=True, slots=True)
class Prices:
    """`table`: provider -> category -> calling code, `default` or `in_window` -> price of one message or segment."""

    currency: str
    table: Mapping[str, Mapping[str, Mapping[str, Decimal]]]

    def price(self, provider: str, category: str, country: str, *, in_window: bool) -> Decimal | None:
        """The price of one; None where the table has none."""
        prices = self.table.get(provider, {}).get(category, {})
        if in_window and "in_window" in prices:
            return prices["in_window"]
        return prices.get(country, prices.get("default"))


def read_prices(data: Mapping[str, Any]) -> Prices:
    """The table in a parsed file. Raises ValueError saying where it is wrong."""
    rest = {key: value for key, value in data.items() if key != "currency"}
    currency = data.get("currency")
    if not isinstance(currency, str) or not currency:
        raise ValueError('it has no currency: begin with currency = "USD"')
    table: dict[str, dict[str, dict[str, Decimal]]] = {}
    for provider, categories in rest.items():
        if not isinstance(categories, Mapping):
            raise ValueError(f"{provider!r} must be a table of categories, such as [whatsapp]")
        table[provider] = {
            category: _by_country(f"{provider}.{category}", price) for category, price in categories.items()
        }
    return Prices(currency, table)


def _by_country(place: str, price: Any) -> dict[str, Decimal]:
    if not isinstance(price, Mapping):
        return {"default": _number(place, price)}
    for code in price:
        if code not in ("default", "in_window") and not re.fullmatch("[1-9][0-9]{0,2}", code):
            raise ValueError(
                f"{place}: {code!r} is not a calling code; write one such as 55, or default, or in_window"
            )
    return {code: _number(f"{place}.{code}", value) for code, value in price.items()}


def _number(place: str, price: Any) -> Decimal:
    try:
        number = Decimal(str(price)) if not isinstance(price, bool) else Decimal(-1)
    except InvalidOperation:
        number = Decimal(-1)
    if not number.is_finite() or number < 0:
        raise ValueError(f"{place}: {price!r} is not a price")
    return number
