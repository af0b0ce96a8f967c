"""Turns a passage into token ids and token types, exactly as INPUT.md says. The TypeScript side does the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tokenizers import Tokenizer

from training.labels import GENERIC_TITLES, normal_title

WINDOW, CONTEXT = 384, 48
MOST_NAMES = 6


@dataclass
class Trie:
    """Token-id sequences; `end` says that one ends here."""

    end: bool = False
    next: dict[int, Trie] = field(default_factory=dict)


def token_trie(sequences: Iterable[list[int]]) -> Trie:
    """The trie of all sequences; empty ones are left out."""
    root = Trie()
    for sequence in sequences:
        at = root
        for token in sequence:
            at = at.next.setdefault(token, Trie())
        if sequence:
            at.end = True
    return root


class Encoder:
    """Tokenizer plus marks. `terms` are the spellings of marks.json."""

    def __init__(self, tokenizer: Path, terms: list[str]) -> None:
        self.tokenizer = Tokenizer.from_file(str(tokenizer))
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        vocabulary = self.tokenizer.get_vocab()
        self.cls, self.sep = vocabulary["[CLS]"], vocabulary["[SEP]"]
        self.continues = {i for token, i in vocabulary.items() if token.startswith("##")}
        self.trie = token_trie(self.ids(term) for term in terms)

    def ids(self, text: str) -> list[int]:
        """Token ids of a text alone, without special tokens, not cut."""
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def encode(self, text: str, context: str | None = None, names: Iterable[str] = ()) -> tuple[list[int], list[int]]:
        """Ids and types of `[CLS] passage [SEP]` or `[CLS] passage [SEP] context [SEP]`, at most 384 tokens."""
        own = token_trie(self.ids(name) for name in names)
        extra = self.ids(context)[:CONTEXT] if context else []
        tail = [*extra, self.sep] if extra else []
        passage = self.ids(text)[: WINDOW - 2 - len(tail)]
        ids = [self.cls, *passage, self.sep, *tail]
        types = [0, *self._marks(passage, own), 0, *self._marks(extra, own), *([0] if tail else [])]
        return ids, types

    def _marks(self, ids: list[int], own: Trie) -> list[int]:
        types = [0] * len(ids)
        for trie in (self.trie, own):
            i = 0
            while i < len(ids):
                longest = -1 if ids[i] in self.continues else self._longest(ids, i, trie)
                if longest > 0:
                    types[i:longest] = [1] * (longest - i)
                    i = longest
                else:
                    i += 1
        return types

    def _longest(self, ids: list[int], start: int, trie: Trie) -> int:
        at, longest = trie, -1
        for j in range(start, len(ids)):
            child = at.next.get(ids[j])
            if child is None:
                break
            at = child
            if at.end and (j + 1 >= len(ids) or ids[j + 1] not in self.continues):
                longest = j + 1
        return longest


def context_of(title: str | None, names: list[str]) -> str | None:
    """Title and names joined by "; ", or None where there is neither."""
    parts = [part for part in [title or "", *names] if part]
    return "; ".join(parts) or None


def marked_terms(models: Path) -> list[str]:
    """Spellings to mark: forms of lexicon terms and spellings of names whose gate is `always`, sorted, each once."""
    lexicon = json.loads((models / "lexicon.json").read_text("utf-8"))["terms"]
    terms = {form for term in lexicon if term["gate"] == "always" for form in term["forms"]}
    for entry in names_of(models):
        terms |= {spelling for spelling, gate in entry["spellings"] if gate == "always"}
    return sorted(terms)


def names_of(models: Path) -> list[dict]:
    """names.json as {titles (normalised), spellings [(text, gate)]}."""
    found = []
    for entry in json.loads((models / "names.json").read_text("utf-8"))["names"]:
        spellings = [(entry["name"], entry["gate"])]
        for alias in entry.get("aliases", []):
            spellings.append((alias, entry["gate"]) if isinstance(alias, str) else (alias["alias"], alias.get("gate", entry["gate"])))
        titles = {normal_title(t) for t in [entry.get("work") or "", *entry.get("titles", [])]} - GENERIC_TITLES
        found.append({"titles": titles, "spellings": spellings})
    return found


class Gazetteer:
    """Names of fictional AIs that belong to a title or stand in a passage."""

    def __init__(self, models: Path) -> None:
        self.by_title: dict[str, list[str]] = {}
        always = set()
        for entry in names_of(models):
            for spelling, gate in entry["spellings"]:
                if gate == "always":
                    always.add(spelling)
                if gate != "never":
                    for title in entry["titles"]:
                        self.by_title.setdefault(title, []).append(spelling)
        self.always = re.compile(r"(?<![\w])(?:" + "|".join(re.escape(n) for n in sorted(always, key=len, reverse=True)) + r")(?![\w])")

    def names(self, title: str, text: str, more: Iterable[str] = ()) -> list[str]:
        """At most six names, those in the passage first, in order of place. `more`: names known from the document itself."""
        own = [*(self.by_title.get(normal_title(title), []) if title else []), *more]
        found = {m.group(): m.start() for m in reversed(list(self.always.finditer(text)))}
        for name in own:
            match = re.search(r"(?<!\w)" + re.escape(name) + r"(?!\w)", text)
            if match:
                found[name] = match.start()
        here = sorted(found, key=lambda n: found[n])
        return (here + [n for n in dict.fromkeys(own) if n not in found])[:MOST_NAMES]
