"""Builds the pool of unlabelled passages: windows near AI terms, without those that overlap labelled ones. No scores here."""

from __future__ import annotations

import hashlib
import re

from training.corpora import FILES, documents
from training.terms import terms_in
from training.windows import windows

_TOKEN = re.compile(r"[a-z0-9]+")
SHINGLE = 8
# How many windows away from a term a window without one may lie.
NEAR = {"gutenberg-scifi": 5, "wikipedia-plots": 3, "wikipedia-ai": 1, "film-reviews": 9, "short-descriptions": 9, "alignment-blog": 1}


def passage_id(text: str) -> str:
    """First 12 hex digits of the SHA-256 of the text."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]


def shingles(text: str) -> set[int]:
    """Hashes of every run of eight words, white space and punctuation ignored."""
    words = _TOKEN.findall(text.lower())
    return {hash(tuple(words[i : i + SHINGLE])) for i in range(max(0, len(words) - SHINGLE + 1))}


def build_pool(folder, labelled_texts: list[str], sources=tuple(FILES)) -> list[dict]:
    """Passages {id, source, doc, title, text, start, end, terms, near, place} that share no eight words with a labelled one."""
    seen: set[int] = set()
    for text in labelled_texts:
        seen |= shingles(text)
    ids: set[str] = set()
    pool = []
    for source in sources:
        strong = source in ("gutenberg-general", "wikipedia")
        for document in documents(folder, source):
            if terms_in(document.text, strong=strong) == 0:
                continue
            cut = windows(document.text, document.id)
            counts = [terms_in(document.text[w.start : w.end], strong=strong) for w in cut]
            reach = NEAR.get(source, 0)
            total = sum(counts)
            for index, window in enumerate(cut):
                near = sum(counts[max(0, index - reach) : index + reach + 1])
                if near == 0 or (counts[index] == 0 and total < 2 and source not in ("film-reviews", "short-descriptions")):
                    continue
                text = document.text[window.start : window.end]
                identity = passage_id(text)
                if identity in ids or len(shingles(text) & seen) > 0:
                    continue
                ids.add(identity)
                pool.append(
                    {
                        "id": identity, "source": source, "doc": document.id, "title": document.title, "text": text,
                        "start": window.start, "end": window.end, "terms": counts[index], "near": near, "place": index,
                    }
                )
    return pool
