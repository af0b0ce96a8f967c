"""AI terms as one regular expression, for choosing passages to label. The encoder's marks come from models/, see encode.py."""

from __future__ import annotations

import re

TERMS = re.compile(
    r"(?<![A-Za-z0-9])(?:robot(?:s|ic|ics)?|robo\w+|androids?|gynoids?|droids?|cyborgs?|automat(?:on|ons|a)|replicants?|cylons?|"
    r"AIs?|A\.I\.(?:s|'s)?|AGIs?|artificial(?:ly)? (?:general )?intelligen(?:ce|ces|t)|machine intelligence|superintelligen\w+|"
    r"super-?computers?|computers?|chat-?bots?|bots?|language models?|LLMs?|GPT-?\d?|ChatGPT|neural net(?:work)?s?|"
    r"mechanical (?:man|men|brains?|minds?|servants?|woman|women|people|creatures?|monsters?|beings?)|(?:electronic|positronic|artificial|metal|thinking|electric) "
    r"(?:brains?|minds?|men|man|machines?|servants?)|thinking[- ]machines?|machine[- ](?:minds?|brains?|men|man)|(?:the|great|master|giant) machines?|the brain|golems?|homuncul\w+|"
    r"clockwork (?:man|men|doll|woman)|humanoids?|calculating machines?|cybernetic\w*|Skynet|terminators?|HAL(?: 9000)?|"
    r"self-?aware (?:machine|program|computer)s?|virtual assistants?|uploaded minds?|deep learning|agentic|agents? (?:would|will|might|could))(?![A-Za-z0-9])",
    re.IGNORECASE,
)
# Case matters for these: "ai" is a sloth and "hal" a word of other languages.
_CASED = re.compile(r"^(?:ais?|agis?|hal(?: 9000)?|llms?)$")
_WEAK = re.compile(r"^(?:computers?|(?:the|great|master|giant) machines?|the brain|bots?|agents? \w+|terminators?|agentic)$", re.IGNORECASE)


def terms_in(text: str, strong: bool = False) -> int:
    """How many AI terms the text has; `strong` leaves out those that are mostly something else."""
    count = 0
    for match in TERMS.finditer(text):
        word = match.group()
        if _CASED.match(word) or (strong and _WEAK.match(word)):
            continue
        count += 1
    return count
