"""Numbers and dates as a language writes them (the rules are those of Unicode's CLDR, through Babel)."""

from __future__ import annotations

import datetime
import functools
import re
from decimal import Decimal
from typing import Any

NUMBER = r"[−+\-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[ \u00a0]%)?"
"""A number as `cxlab.columns.show` prints it, maybe a percentage."""

DAY = r"\d{4}-\d{2}-\d{2}"
_PARTS = re.compile(r"([−+\-]?)([\d,]+)(\.\d+)?([ \u00a0]%)?")


@functools.cache
def _locale(language: str) -> Any:
    from babel import Locale

    return Locale.parse(language.replace("-", "_"))


def number(text: str, language: str) -> str:
    """Return a number that stands in English in the figures of a language; digits stay 0 to 9, as in pictures.

    >>> number("−1,234.5", "de"), number("46.6 %", "fr"), number("46.6 %", "zh")
    ('−1.234,5', '46,6\\xa0%', '46.6%')
    """
    from babel.numbers import format_decimal

    sign, whole, rest, percent = _PARTS.fullmatch(text).groups()
    locale, grouped = _locale(language), "," in whole
    pattern = ("#,##0" if grouped else "0") + ("." + "0" * (len(rest) - 1) if rest else "")
    value = Decimal(whole.replace(",", "") + (rest or ""))
    said = format_decimal(value, pattern, locale, group_separator=grouped, numbering_system="latn")
    sign = f"\u200e{sign}" if sign and written_from_right(language) else sign  # or it would stand behind its number
    return f"{sign}{said}{locale.percent_formats[None].suffix[0] if percent else ''}"


def day(text: str, language: str) -> str:
    """Return an ISO date as a language writes it in middle length.

    >>> day("2026-03-01", "de"), day("2026-03-01", "es")
    ('01.03.2026', '1 mar 2026')
    """
    from babel.dates import format_date

    try:
        return format_date(datetime.date.fromisoformat(text), "medium", _locale(language))
    except ValueError:
        return text


def written_from_right(language: str) -> bool:
    """Whether a language is written from right to left.

    >>> written_from_right("ar"), written_from_right("de")
    (True, False)
    """
    return _locale(language).text_direction == "rtl"
