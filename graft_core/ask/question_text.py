"""A question as patterns read it: one sentence, lower case, without politeness or "in the image"."""

import re
import unicodedata

from graft_core.ask.quantities import AREA_UNIT
from graft_core.errors import QuestionError

LONGEST = 300
"""Characters of a question; beyond it nobody asks one thing."""

UNDERSTOOD = (
    "Ask about presence, number, area, share, density, comparisons, rural or urban, or places next to, near, "
    "north of or inside others, for example: 'Is there a lake?', "
    "'How many houses are within 200 m of a road?', 'What share of the scene is forest?'."
)
"""What the grammar understands, with three examples."""

_WHOLE = (
    r"(?:satellite |aerial |whole |entire |given |input )*"
    r"(?:image|scene|picture|photo|map|area|view|imagery|region|place|tile|landscape)"
)
WHOLE = rf"(?:(?:the|this|that|my|our) )?{_WHOLE}"
"""Pattern of words for all that is looked at."""
_IN_WHOLE = rf"(?:in|on|within|inside|across|throughout|over) (?:the|this|that|my|our) {_WHOLE}"
_SPOKEN = (
    ("[\u2018\u2019`\u00b4]", "'"),
    (r"\b(what|where|who|how|there|it|that)'s\b", r"\1 is"),
    (r"n't\b", " not"),
    (r"'s\b", ""),
    (r"(\d),(?=\d{3}\b)", r"\1"),
    (r"(\d)\.(?=\d)", r"\1<point>"),
)
_POLITE = re.compile(
    r"(?:(?:hi|hello|hey|ok|okay|so|well|now|and|please|kindly|dear|thanks|thank you)\b[ ,]*"
    r"|(?:can|could|would|will) you (?:please |kindly )?"
    r"(?=tell|say|show|let|check|find|give|answer|count|estimate|calculate|compute)"
    r"|(?:i want|i would like|i wish|i need|i'd like|id like) to know,? "
    r"|is it (?:true|correct|right|the case) that |count (?=how many)"
    r"|do you know |do you think |i wonder |(?:tell|answer) (?:me |us )?|let me know |say "
    r"|show (?:me |us )?(?=how|what|if|whether)"
    r"|(?:check|find out|see|determine|estimate|calculate|compute) (?=if|whether|how|what|the|which)"
    r"|give (?:me |us )?(?=the|a|an)"
    rf"|{_IN_WHOLE},? |here,? )"
)
_AFTER = re.compile(
    rf"[ ,]*(?:\b(?:please|thanks|thank you|here|around here|in here|in total|in all|altogether|at all|overall"
    rf"|right now|anywhere|somewhere|or not|in {AREA_UNIT}|in percent)|{_IN_WHOLE})$"
)
_TOLD = (
    (r"(?:if|whether) there (is|are) (.*)", r"\1 there \2"),
    (r"(?:if|whether) (.+?) (is|are) (.*)", r"\2 \1 \3"),
    (r"(?:if|whether) (.*)", r"\1"),
    (r"(is|are|do|does|can) not (there|you|we) (.*)", r"\1 \2 \3"),
)


def plain_question(question: str) -> str:
    """The question in lower-case ASCII letters, digits and ``- . , : %``, one space between words, no mark at its end.

    Raises:
        QuestionError: empty, too long, not in Latin letters, or more than one question.
    """
    if len(question) > LONGEST:
        raise QuestionError(f"The question has {len(question)} characters; ask with at most {LONGEST}. {UNDERSTOOD}")
    text = unicodedata.normalize("NFKD", question).lower()
    text = "".join(char for char in text if not unicodedata.combining(char))
    for pattern, replacement in _SPOKEN:
        text = re.sub(pattern, replacement, text)
    if not any(char.isalpha() for char in text):
        raise QuestionError(f"The question is empty. {UNDERSTOOD}")
    if any(char.isalpha() and not char.isascii() for char in text):
        raise QuestionError(f"The question is not in English. {UNDERSTOOD}")
    sentences = [cleaned for part in re.split(r"[.?!;]+(?=\s|$|\W)", text) if (cleaned := _one(part))]
    if len(sentences) != 1:
        raise QuestionError(f"There is not one question here; ask one at a time. {UNDERSTOOD}")
    return sentences[0]


def _one(part: str) -> str:
    text = re.sub(r"<point>", ".", part)
    text = re.sub(r"[^a-z0-9.,:%-]+", " ", text)
    text = re.sub(r"(?<![a-z0-9])-+|-+(?![a-z0-9])|(?<!\d)\.|\.(?!\d)", " ", text)
    text = re.sub(r" *([,:])[ ,:]*", r"\1 ", text)
    text = " ".join(text.split()).strip(" ,:")
    text = _until_still(text)
    for pattern, replacement in _TOLD:
        if re.fullmatch(pattern, text):
            return re.sub(pattern, replacement, text)
    return text


def _until_still(text: str) -> str:
    """Without polite openings, without endings that say nothing, and without "in the image" wherever it stands."""
    while True:
        shorter = _AFTER.sub("", text)
        start = _POLITE.match(shorter)
        shorter = shorter[start.end() :] if start else shorter
        shorter = " ".join(re.sub(rf" {_IN_WHOLE}(?= )", "", shorter).split()).strip(" ,:")
        if shorter == text:
            return text
        text = shorter
