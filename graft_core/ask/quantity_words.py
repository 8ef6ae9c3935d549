"""Numbers with their units, as people read them."""

from graft_core.ask.values import Number

HECTARE = 10_000.0
"""Square metres."""
KM2 = 1_000_000.0
"""Square metres."""


def figures(value: float) -> str:
    """Two figures that count, more from 100: ``0.43``, ``4.2``, ``27``, ``1,250``."""
    if value == 0:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 9.95 else f"{value:.1f}" if abs(value) >= 0.995 else f"{value:.2g}"


def area_words(m2: float) -> str:
    """Square metres: ``850 m²``, ``4.2 ha``, ``12 km²``."""
    if abs(m2) < HECTARE / 10:
        return f"{m2:,.0f} m²"
    return f"{figures(m2 / HECTARE)} ha" if abs(m2) < KM2 else f"{figures(m2 / KM2)} km²"


def share_words(share: float) -> str:
    """A fraction of 1 as a percentage: ``27 %``, ``0.4 %``, ``less than 0.1 %``."""
    return "less than 0.1 %" if 0 < share < 0.001 else f"{figures(100 * share)} %"


def number_words(number: Number) -> str:
    """Any number."""
    match number.unit:
        case "m2":
            return area_words(number.value)
        case "share":
            return share_words(number.value)
        case "per km2":
            return f"{figures(number.value)} per km²"
    words = f"{number.value:,.0f}" if number.value.is_integer() else figures(number.value)
    return f"{words} {number.unit}" if number.unit else words
