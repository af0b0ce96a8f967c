"""Measures the gate's lexicon on real corpora: recall on labelled passages, and what each term lets through.

A plain re-implementation of the gate's rules in Python, for choosing terms; the product's gate is in src/gate.
Usage: python measure_gate.py LABELS.jsonl [--corpora DIR] [--models DIR] [--cache FILE] > figures.md
DIR defaults to the environment variable PERSONA_PRIOR_CORPORA. Needs zstandard and pyarrow.
"""

import argparse
import bisect
import collections
import gzip
import io
import json
import os
import pickle
import re
from pathlib import Path

FILES = {
    "wikipedia": ["wikipedia.jsonl.zst", "wikipedia-ai.jsonl.zst"],
    "wikipedia-plots": ["wikipedia-plots.parquet"],
    "gutenberg-scifi": ["gutenberg-scifi.jsonl.zst"],
    "gutenberg-general": ["gutenberg-general.jsonl.gz"],
    "alignment-blog": ["alignment-blog.jsonl.gz"],
    "film-reviews": ["film-reviews.jsonl.gz"],
    "short-descriptions": ["short-descriptions.jsonl"],
}
WORD = re.compile(r"[^\W_]+")
RADII = (50, 100, 150, 200, 300, 400, 600, 800, 1000, 1500, 2000, 3000)
LONG = 2000  # words from which a document counts as long in the neighbourhood figures
RADIUS = 1500  # words around an anchor that the gate lets through


def pattern(form, case):
    """A form as a regular expression: a space is a run of white space or one hyphen, ' is also ’."""
    parts = []
    for char in form:
        if char == " ":
            parts.append(r"(?:\s+|-)")
        elif char in "'’":
            parts.append("['’]")
        else:
            parts.append(re.escape(char))
    end = r"(?![^\W_])" if WORD.fullmatch(form[-1]) else ""
    return re.compile("".join(parts) + end, 0 if case else re.IGNORECASE)


class Matcher:
    """Finds whole-word forms: first words in a table, the rest of each form by its own expression."""

    def __init__(self, models):
        lexicon = json.loads((models / "lexicon.json").read_text("utf-8"))
        names = json.loads((models / "names.json").read_text("utf-8"))["names"]
        self.first, self.lookalike, self.title = {}, {}, {}
        self.gate = {}  # key -> always | with-work | never
        self.titles = {}  # key of a with-work name -> its titles
        for term in lexicon["terms"]:
            for form in term["forms"]:
                self.add(self.first, form, term.get("case", False), ("term", form))
                self.gate[("term", form)] = term["gate"]
        for look in lexicon["lookalikes"]:
            self.add(self.lookalike, look["term"], look.get("case", False), look["term"])
        for name in names:
            entries = [(name["name"], name["gate"], name.get("case", False))]
            for alias in name["aliases"]:
                if isinstance(alias, str):
                    entries.append((alias, name["gate"], name.get("case", False)))
                else:
                    entries.append((alias["alias"], alias.get("gate", name["gate"]), alias.get("case", False)))
            for text, gate, case in entries:
                key = ("name", text, name["work"])
                self.gate[key] = gate
                self.add(self.first, text, case, key)
                if gate == "with-work":
                    self.titles[key] = set(name["titles"])
            for title in name["titles"]:
                self.add(self.title, title, True, title)

    @staticmethod
    def add(table, form, case, key):
        match = WORD.search(form)
        table.setdefault(match.group().lower(), []).append((pattern(form[match.start():], case), key))

    def scan(self, text):
        """(words, [(word index, key)], titles present), look-alikes and `never` removed."""
        hits, spans, titles, words = [], [], set(), 0
        first, lookalike, title = self.first, self.lookalike, self.title
        for token in WORD.finditer(text):
            word = token.group().lower()
            if word in lookalike:
                for expression, _ in lookalike[word]:
                    found = expression.match(text, token.start())
                    if found:
                        spans.append(found.span())
            if word in first:
                for expression, key in first[word]:
                    found = expression.match(text, token.start())
                    if found and self.gate[key] != "never":
                        hits.append((words, key, found.start(), found.end()))
            if word in title:
                for expression, key in title[word]:
                    if key not in titles and expression.match(text, token.start()):
                        titles.add(key)
            words += 1
        starts = sorted(spans)
        kept = [
            (index, key)
            for index, key, start, end in hits
            if not any(a <= start and end <= b for a, b in starts[max(0, bisect.bisect(starts, (start, 1 << 60)) - 4):][:8])
        ]
        return words, kept, titles

    def anchors(self, hits, titles):
        """Word indices of (what opens the gate: `always`, and names beside their work's title; with-work terms)."""
        strong = [i for i, key in hits if self.gate[key] == "always"]
        strong += [i for i, key in hits if key[0] == "name" and self.gate[key] == "with-work" and titles & self.titles[key]]
        weak_terms = [i for i, key in hits if key[0] == "term" and self.gate[key] == "with-work"]
        return sorted(set(strong)), weak_terms


def records(path):
    """Documents of one corpus file."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as parquet

        for batch in parquet.ParquetFile(path).iter_batches(500):
            yield from batch.to_pylist()
        return
    if path.suffix == ".gz":
        stream = gzip.open(path, "rt", encoding="utf-8")
    elif path.suffix == ".zst":
        import zstandard

        stream = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(path.open("rb")), encoding="utf-8")
    else:
        stream = path.open(encoding="utf-8")
    for line in stream:
        yield json.loads(line)


def squeeze(text):
    return re.sub(r"[ \t]+", " ", text)


def read_all(matcher, corpora, labels):
    """Per file: documents as (id, words, bytes, hits, titles); per label: its document and word offsets."""
    wanted = collections.defaultdict(list)
    for label in labels:
        wanted[label["doc"]].append(label)
    files, places = {}, {}
    for source, names in FILES.items():
        for name in names:
            documents = []
            for number, record in enumerate(records(corpora / name)):
                title, text = record.get("title") or "", record["text"]
                whole = squeeze(title + "\n" + text)
                words, hits, titles = matcher.scan(whole)
                identity = record.get("id") or f"{name}#{number}"
                documents.append((identity, words, len(text.encode()), hits, titles))
                for label in wanted.get(identity, ()):
                    at = whole.find(squeeze(label["text"]))
                    if at < 0:
                        continue
                    start = sum(1 for _ in WORD.finditer(whole, 0, at))
                    length = sum(1 for _ in WORD.finditer(label["text"]))
                    places[label["id"]] = (name, len(documents) - 1, start, start + length)
            files[name] = documents
    return files, places


def spread(anchors, words, radius):
    """Number of words within `radius` words of an anchor."""
    total, last = 0, 0
    for anchor in anchors:
        low, high = max(last, anchor - radius), min(words, anchor + radius + 1)
        if high > low:
            total += high - low
            last = high
    return total


def distance(anchors, start, end):
    """Words between the passage and the nearest anchor, 0 inside, None without anchor."""
    if not anchors:
        return None
    at = bisect.bisect_left(anchors, start)
    best = []
    if at < len(anchors):
        best.append(max(0, anchors[at] - end + 1))
    if at > 0:
        best.append(start - anchors[at - 1])
    return min(best)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--corpora", type=Path, default=os.environ.get("PERSONA_PRIOR_CORPORA"))
    parser.add_argument("--models", type=Path, default=Path(__file__).parent.parent / "models")
    parser.add_argument("--cache", type=Path, help="write the hits of every document here (pickle), for further analysis")
    parser.add_argument("--top", type=int, default=60, help="terms listed per table")
    options = parser.parse_args()
    if options.corpora is None:
        parser.error("give --corpora DIR or set PERSONA_PRIOR_CORPORA")
    corpora = Path(options.corpora)
    labels = [json.loads(line) for line in options.labels.open(encoding="utf-8")]
    matcher = Matcher(options.models)
    files, places = read_all(matcher, corpora, labels)
    if options.cache:
        options.cache.write_bytes(pickle.dumps((files, places)))
    report(matcher, files, places, labels, options.top)


def report(matcher, files, places, labels, top):
    opened = {name: [bool(matcher.anchors(d[3], d[4])[0]) for d in docs] for name, docs in files.items()}
    print("## What the gate lets through\n\n| file | documents | opened | share | text MB | share of bytes |\n|---|---|---|---|---|---|")
    for name, docs in files.items():
        total, through = sum(d[2] for d in docs), sum(d[2] for d, o in zip(docs, opened[name]) if o)
        count = sum(opened[name])
        print(f"| {name} | {len(docs)} | {count} | {count / len(docs):.4f} | {total / 1e6:.1f} | {through / total:.4f} |")

    print("\n## Recall on labelled `character` passages\n\n| source | character | found in corpora | document opened | recall | term inside passage |\n|---|---|---|---|---|---|")
    rows = collections.defaultdict(lambda: [0, 0, 0, 0])
    missed = []
    for label in labels:
        if label["persona"] != "character":
            continue
        _, hits, titles = matcher.scan(squeeze((label.get("title") or "") + "\n" + label["text"]))
        inside = any(True for _ in matcher.anchors(hits, titles)[0])
        place = places.get(label["id"])
        for key in (label["source"], "all"):
            row = rows[key]
            row[0] += 1
            row[3] += inside
            if place:
                row[1] += 1
                row[2] += opened[place[0]][place[1]]
        if place and not opened[place[0]][place[1]]:
            missed.append((label["id"], label["source"], label["doc"], label["confidence"]))
    for source, (n, found, ok, inside) in sorted(rows.items()):
        print(f"| {source} | {n} | {found} | {ok} | {ok / found if found else float('nan'):.4f} | {inside / n:.4f} |")
    print("\nMissed:", "; ".join(map(str, missed)) or "none")

    neighbourhood(matcher, files, places, labels)

    terms(matcher, files, top)


def terms(matcher, files, top):
    """What each form lets through by itself: whole documents on Wikipedia, text within RADIUS words of it in books."""
    for name in ("wikipedia.jsonl.zst", "gutenberg-general.jsonl.gz"):
        docs, books = files[name], name.startswith("gutenberg")
        total = sum(d[1] for d in docs) if books else sum(d[2] for d in docs)
        documents, alone, size, together = (collections.Counter() for _ in range(4))
        for _, words, length, hits, titles in docs:
            places = collections.defaultdict(list)
            for index, key in hits:
                if matcher.gate[key] == "always" or (key[0] == "name" and titles & matcher.titles[key]):
                    places[key[1]].append(index)
            for form, indices in places.items():
                documents[form] += 1
                size[form] += spread(indices, words, RADIUS) if books else length
            if places:
                every = sorted(set().union(*places.values()))
                together["all"] += spread(every, words, RADIUS) if books else length
            if len(places) == 1:
                alone[next(iter(places))] += 1
        unit = f"words within {RADIUS} of it" if books else "bytes of its documents"
        print(f"\n## Forms on {name}\n\n| form | documents | share of documents | share of {unit} | opened by it alone |\n|---|---|---|---|---|")
        for form, count in documents.most_common(top):
            print(f"| {form} | {count} | {count / len(docs):.4f} | {size[form] / total:.4f} | {alone[form]} |")
        print(f"| all forms together | | | {together['all'] / total:.4f} | |")


def neighbourhood(matcher, files, places, labels):
    """Distance from labelled passages to the nearest anchor in long documents, and the share of text near anchors."""
    print(f"\n## Neighbourhood in documents of {LONG} words and more\n")
    for variant in ("always and opened names", "with-work terms too"):
        def points(document):
            strong, weak = matcher.anchors(document[3], document[4])
            return sorted(set(strong + weak)) if variant != "always and opened names" and strong else strong

        distances = collections.defaultdict(list)
        for label in labels:
            place = places.get(label["id"])
            if label["persona"] != "character" or not place:
                continue
            document = files[place[0]][place[1]]
            if document[1] >= LONG:
                distances[label["source"]].append(distance(points(document), place[2], place[3]))
        print(f"### Anchors: {variant}\n\n| radius in words | " + " | ".join(f"recall {s} ({len(d)})" for s, d in sorted(distances.items())) + " | text share gutenberg-scifi | text share gutenberg-general |")
        print("|---" * (len(distances) + 3) + "|")
        for radius in RADII:
            cells = [f"{sum(x is not None and x <= radius for x in d) / len(d):.4f}" for _, d in sorted(distances.items())]
            for name in ("gutenberg-scifi.jsonl.zst", "gutenberg-general.jsonl.gz"):
                near = sum(spread(points(d), d[1], radius) for d in files[name])
                cells.append(f"{near / sum(d[1] for d in files[name]):.4f}")
            print(f"| {radius} | " + " | ".join(cells) + " |")
        print()


if __name__ == "__main__":
    main()
