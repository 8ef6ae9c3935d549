"""Numbers, lengths, areas and shares, as people write them in a question."""

import re

_WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "a dozen": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40,
    "fifty": 50, "hundred": 100, "a hundred": 100, "one hundred": 100, "two hundred": 200, "five hundred": 500,
    "thousand": 1000, "a thousand": 1000, "one thousand": 1000,
}  # fmt: skip
_SHARES = {
    "half": 0.5, "a half": 0.5, "one half": 0.5, "a third": 1 / 3, "one third": 1 / 3, "two thirds": 2 / 3,
    "a quarter": 0.25, "one quarter": 0.25, "three quarters": 0.75, "a fifth": 0.2, "one fifth": 0.2,
    "a tenth": 0.1, "one tenth": 0.1,
}  # fmt: skip
_METRES = {"m": 1.0, "metre": 1.0, "km": 1000.0, "kilometre": 1000.0, "foot": 0.3048, "yard": 0.9144, "mile": 1609.344}
_M2 = {
    "m2": 1.0, "sqm": 1.0, "ha": 1e4, "hectare": 1e4, "km2": 1e6, "sqkm": 1e6, "acre": 4046.86, "square foot": 0.092903,
}  # fmt: skip


def _any(*names: str) -> str:
    return "|".join(sorted(names, key=len, reverse=True))


NUMBER = rf"(?:\d+(?:\.\d+)?|{_any(*_WORDS)})"
"""Pattern of a plain number."""
SHARE = rf"(?:{NUMBER} ?(?:%|percent|per cent)|0?\.\d+|{_any(*_SHARES)})"
"""Pattern of a share."""
LENGTH = rf"(?:{NUMBER} ?(?:kilomet(?:re|er)s?|km|met(?:re|er)s?|m|feet|foot|yards?|miles?))"
"""Pattern of a length."""
_SQUARE = r"(?:sq\.?|square)"
_M2_UNIT = (
    rf"(?:m2|sqm|{_SQUARE} ?met(?:re|er)s?|{_SQUARE} ?m|hectares?|ha|km2|sqkm|{_SQUARE} ?kilomet(?:re|er)s?"
    rf"|{_SQUARE} ?km|acres?|{_SQUARE} (?:feet|foot))"
)
AREA_UNIT = _M2_UNIT
"""Pattern of a unit of area."""
AREA = rf"(?:{NUMBER} ?{_M2_UNIT})"
"""Pattern of an area."""
_SPLIT = re.compile(rf"({NUMBER}) ?(.*)")


def number(text: str) -> float:
    """What `NUMBER` matched."""
    return float(_WORDS[text]) if text in _WORDS else float(text)


def share(text: str) -> float:
    """What `SHARE` matched, as a fraction of 1."""
    if text in _SHARES:
        return _SHARES[text]
    value, unit = _value_and_unit(text)
    return value / 100 if unit else value


def metres(text: str) -> float:
    """What `LENGTH` matched, in metres."""
    value, unit = _value_and_unit(text)
    unit = unit.replace("meter", "metre").replace("feet", "foot")
    return value * _METRES[unit if unit == "m" else unit.removesuffix("s")]


def square_metres(text: str) -> float:
    """What `AREA` matched, in m2."""
    value, unit = _value_and_unit(text)
    unit = unit.replace("meter", "metre").replace("feet", "foot").removesuffix("s")
    unit = re.sub(r"^(?:sq\.?|square) ?(?:metre|m)$", "m2", unit)
    unit = re.sub(r"^(?:sq\.?|square) ?(?:kilometre|km)$", "km2", unit)
    return value * _M2[re.sub(r"^sq\.? foot$", "square foot", unit)]


def literal(value: float) -> str:
    """A number as a program writes it: no exponent, no needless digits."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _value_and_unit(text: str) -> tuple[float, str]:
    parts = _SPLIT.fullmatch(text)
    if parts is None:
        return float(text), ""
    return number(parts[1]), parts[2].strip()
