"""Cuts a document into sentence-aligned windows with code-point offsets. Offsets are into the untouched text."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

SHORTEST, LONGEST = 60, 220
_END = re.compile(r"""(?:[.!?…]+["'”’)\]*_]*(?=\s+["'“‘(\[_*]*[A-Z0-9])|\n[ \t]*\n)""")
_WORD = re.compile(r"\S+")
_ABBREVIATION = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|Prof|Gen|Col|Lt|Capt|Sgt|Jr|Sr|vs|No|Vol|[A-Z])\.$")


@dataclass(frozen=True)
class Window:
    """A half-open span `text[start:end]` and its word count."""

    start: int
    end: int
    words: int


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans of sentences, without the white space around them. Single newlines count as spaces."""
    spans, begin = [], 0
    for match in _END.finditer(text):
        stop = match.end()
        if match.group()[0] == "." and _ABBREVIATION.search(text[max(begin, stop - 6) : stop]):
            continue
        _append(spans, text, begin, stop)
        begin = stop
    _append(spans, text, begin, len(text))
    return spans


def windows(text: str, seed: str) -> list[Window]:
    """Consecutive windows whose target length is drawn from 80-200 words; a sentence over 220 words is left out."""
    draw = random.Random(seed)
    found: list[Window] = []
    target = draw.randint(80, 200)
    start = end = words = 0
    for begin, stop in sentences(text):
        count = len(_WORD.findall(text, begin, stop))
        if count > LONGEST:
            _close(found, start, end, words)
            words = 0
            continue
        if words and words + count > max(target, SHORTEST) and words >= SHORTEST or words + count > LONGEST:
            _close(found, start, end, words)
            words, target = 0, draw.randint(80, 200)
        if words == 0:
            start = begin
        end, words = stop, words + count
    _close(found, start, end, words)
    if not found and words:
        found.append(Window(start, end, words))
    return found


def _append(spans: list[tuple[int, int]], text: str, begin: int, stop: int) -> None:
    while begin < stop and text[begin].isspace():
        begin += 1
    while stop > begin and text[stop - 1].isspace():
        stop -= 1
    if stop > begin:
        spans.append((begin, stop))


def _close(found: list[Window], start: int, end: int, words: int) -> None:
    if words >= SHORTEST:
        found.append(Window(start, end, words))
