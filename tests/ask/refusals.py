"""What every refusal has in common."""

import pytest

from graft_core.ask.language import parse
from graft_core.errors import QuestionError


def refusal(text: str) -> str:
    """The sentence that a program is refused with."""
    with pytest.raises(QuestionError) as caught:
        parse(text)
    assert is_sentence(str(caught.value)), str(caught.value)
    return str(caught.value)


def is_sentence(text: str) -> bool:
    """Begins like one, ends like one, in one printable line."""
    return text[:1].isupper() and text.endswith(".") and text.isprintable() and len(text) < 700
