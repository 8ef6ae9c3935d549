"""The classes of a demo world in sentences."""

ONE_PIECE = ("forest", "downtown", "desert", "wetland", "meadow")
"""Classes that one speaks of in the singular when their area is meant."""


def a(name: str) -> str:
    """``a lake``, ``an orchard``."""
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def plural(name: str) -> str:
    """``lakes``, ``quarries``, ``highways``, ``beaches``."""
    if name.endswith("y") and name[-2] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("ch", "s", "x")) else f"{name}s"


def land(name: str) -> str:
    """A class as ground that is covered: ``forest``, ``crop fields``."""
    return name if name in ONE_PIECE else plural(name)
