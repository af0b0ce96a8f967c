"""Names that documents give their AIs ("a robot called Tin"), for the context of labelled passages. As src/classify/names.ts finds them."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

from training.corpora import FILES, documents
from training.terms import TERMS

_NAME = r"[A-Z][A-Za-z0-9]*(?:[-.][A-Z0-9][A-Za-z0-9]*)*(?: (?:[A-Z][A-Za-z0-9]+|[A-Z0-9]+|[0-9]+)){0,2}"
_AFTER = re.compile(
    r"^(?:,? (?:named|called|dubbed|nicknamed|known as|codenamed|designated|that called itself)|,)? [\"'“‘]?(" + _NAME + ")"
)
_BEFORE = re.compile(
    r"(?:^|[\s\"'“‘(])(" + _NAME + r")[\"'”’]?,? (?:(?:is|was) )?(?:a|an|the|our|my|his|her|their|this|that)(?: [a-z'’-]+){0,3} $"
)
_NO_NAMES = set(
    (
        "I A An The This That These Those He She It They We You His Her Its Their My Our Your And But Or Nor So Yet If When "
        "While As At By For From In Into Of On To With Without After Before Then There Here Now No Not Yes What Who Why How "
        "Where Which One Two Three Mr Mrs Ms Dr Sir Captain God Earth Mars Moon Venus Earthmen English American Chapter "
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August "
        "September October November December"
    ).split()
)


def names_in(text: str) -> list[str]:
    """Names in apposition to an AI term twice, or once where the name stands at least three times, by first offset."""
    flat = re.sub(r"\s", " ", text)
    found: Counter[str] = Counter()
    for match in TERMS.finditer(flat):
        for pattern, piece in ((_AFTER, flat[match.end() : match.end() + 80]), (_BEFORE, flat[max(0, match.start() - 80) : match.start()])):
            hit = pattern.search(piece)
            name = hit.group(1) if hit else ""
            if len(name) > 2 and len(name) <= 40 and name.split(" ")[0] not in _NO_NAMES and len(name.split(" ")[0]) > 1:
                found[name] += 1
    kept = [
        n
        for n, k in found.items()
        if (k >= 2 or flat.count(n) >= 3) and not re.search(rf"(?<!\w){re.escape(n.lower())}(?!\w)", flat)  # "Presently" is no name
    ]
    return sorted(kept, key=flat.index)


def document_names(corpora: Path, wanted: set[str], cache: Path) -> dict[str, list[str]]:
    """Names of the documents with these ids; read once, then from `cache`."""
    known: dict[str, list[str]] = json.loads(cache.read_text("utf-8")) if cache.exists() else {}
    if not wanted <= known.keys():
        for source in FILES:
            for document in documents(corpora, source):
                if document.id in wanted and document.id not in known:
                    known[document.id] = names_in(document.text)
        known |= {identity: [] for identity in wanted - known.keys()}
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.write_text(json.dumps(known, ensure_ascii=False), "utf-8")
    return known
