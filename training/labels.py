"""Loads labelled passages, groups them by work, and makes the one fixed split. No model here."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from pathlib import Path

import numpy as np

from training.corpora import documents, read_jsonl, write_jsonl
from training.heads import CONDUCT, FRAMING, PERSONA, SCORES, SITUATION, SLICE, VALENCE
from training.names import document_names
from training.pool import passage_id, shingles

CONFIDENCE_WEIGHT = {1: 0.5, 2: 0.85, 3: 1.0}
TEST_SHARE, CALIBRATION_SHARE = 0.2, 0.08
LAST_MEASURED_ROUND = 5
GENERIC_TITLES = {"", "film review", "review", "untitled"}


def is_valid(record: dict) -> bool:
    """Whether the labels are words of the codebook; a reader's slip is left out and counted by the caller."""
    if record.get("persona") not in PERSONA or record.get("framing") not in FRAMING:
        return False
    if record["persona"] != "character":
        return True
    return (
        record.get("valence") in VALENCE
        and set(record.get("conduct") or []) <= set(CONDUCT)
        and set(record.get("situation") or []) <= set(SITUATION)
    )


def targets(record: dict) -> np.ndarray:
    """Array of 36 zeros and ones. The heads under a passage without a character are zero and masked by the loss."""
    y = np.zeros(SCORES, dtype="float32")
    y[PERSONA.index(record["persona"])] = 1
    y[SLICE["framing"].start + FRAMING.index(record["framing"])] = 1
    if record["persona"] == "character":
        y[SLICE["valence"].start + VALENCE.index(record["valence"])] = 1
        for label in record.get("conduct") or []:
            y[SLICE["conduct"].start + CONDUCT.index(label)] = 1
        for label in record.get("situation") or []:
            y[SLICE["situation"].start + SITUATION.index(label)] = 1
        y[SLICE["reasons"].start] = float(bool(record.get("reasons")))
    return y


def load_labels(labels: Path, own: Path, corpora: Path | None) -> tuple[list[dict], dict[str, int]]:
    """All labelled passages with text, and counts of what was left out.

    `labels` holds dev.jsonl and synthetic.jsonl; `own` holds real*.jsonl (spans without text, read back from `corpora`) and
    synthetic*.jsonl. Records get `synthetic` and `work` (the group that no split may divide).
    """
    left_out: dict[str, int] = defaultdict(int)
    rows = read_jsonl(labels / "dev.jsonl")
    spans = [row for path in sorted(own.glob("real*.jsonl")) for row in read_jsonl(path)]
    if spans:
        if corpora is None:
            raise SystemExit(f"{own}/real*.jsonl have spans only: give --corpora DIR to read their text")
        rows += _with_text(spans, corpora, own.parent / "runs" / "texts.jsonl", left_out)
    for row in rows:
        row["synthetic"] = False
    written = [*([labels / "synthetic.jsonl"] if (labels / "synthetic.jsonl").exists() else []), *sorted(own.glob("synthetic*.jsonl"))]
    for path in written:
        for row in read_jsonl(path):
            if not str(row.get("text") or "").strip():
                left_out["synthetic without text"] += 1
                continue
            row.setdefault("id", passage_id(row["text"]))
            rows.append({**row, "source": "synthetic", "synthetic": True, "later": path.parent == own, "doc": f"synthetic/{row['id']}", "names": row.get("names") or []})
    kept, ids = [], set()
    for row in rows:
        if not is_valid(row):
            left_out["labels not of the codebook"] += 1
        elif row["id"] in ids:
            left_out["same text twice"] += 1
        else:
            ids.add(row["id"])
            row.setdefault("title", "")
            row["title"] = row["title"] or ""
            kept.append(row)
    if corpora is not None:
        found = document_names(corpora, {r["doc"] for r in kept if not r["synthetic"]}, own.parent / "runs" / "names.json")
        for row in kept:
            row.setdefault("names", found.get(row["doc"], []))
    assign_works(kept)
    return kept, dict(left_out)


def assign_works(rows: list[dict]) -> None:
    """Sets `work`: rows share it when they share a document, a normalised title, or a run of eight words twice over."""
    parent = list(range(len(rows)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    def join(i: int, j: int) -> None:
        parent[root(i)] = root(j)

    first: dict[str, int] = {}
    for i, row in enumerate(rows):
        keys = ["doc:" + str(row["doc"])]
        title = normal_title(row.get("title") or "")
        if title not in GENERIC_TITLES:
            keys.append("title:" + title)
        for key in keys:
            join(i, first.setdefault(key, i))
    owner: dict[int, int] = {}
    shared: dict[tuple[int, int], int] = defaultdict(int)
    cut = [shingles(row["text"]) for row in rows]
    holders: dict[int, set[str]] = defaultdict(set)
    for row, found in zip(rows, cut, strict=True):
        for shingle in found:
            holders[shingle].add(row["doc"])
    for i, row in enumerate(rows):
        for shingle in cut[i]:
            if len(holders[shingle]) > 3:  # a notice of the transcriber, not a work
                continue
            j = owner.setdefault(shingle, i)
            if root(j) != root(i):
                shared[(j, i)] += 1
                if shared[(j, i)] >= 3:
                    join(i, j)
    name: dict[int, str] = {}
    for i, row in enumerate(rows):
        row["work"] = name.setdefault(root(i), str(row["doc"]))


def normal_title(title: str) -> str:
    """Lower case, without bracketed parts, leading articles and punctuation: "The Matrix (film)" is "matrix"."""
    plain = re.sub(r"\([^)]*\)", " ", title.lower())
    plain = re.sub(r"[^a-z0-9]+", " ", plain).strip()
    return re.sub(r"^(the|a|an) ", "", plain)


def part_of(row: dict) -> str:
    """`test`, `calibration` or `train`: by a hash of the work, so that new labels never move an old one.

    A passage of our own writing trains, or is `aside` where it is about a work that is measured on. So are passages of rounds
    after the fifth in such works: the test part stays the one that all rows of RESULTS.md were measured on.
    """
    share = int(hashlib.sha256(("split:" + row["work"]).encode()).hexdigest()[:8], 16) / 0xFFFFFFFF
    if row["synthetic"]:
        own = row["work"].startswith("synthetic/")
        return "train" if own or share >= TEST_SHARE + CALIBRATION_SHARE else "aside"
    if share < TEST_SHARE + CALIBRATION_SHARE and row.get("round", 0) > LAST_MEASURED_ROUND:
        return "aside"
    if share < TEST_SHARE:
        return "test"
    return "calibration" if share < TEST_SHARE + CALIBRATION_SHARE else "train"


def _with_text(rows: list[dict], corpora: Path, cache: Path, left_out: dict[str, int]) -> list[dict]:
    """Text and title of each span, from the corpora; what was read once is kept in `cache`, outside the project's history."""
    known = {r["id"]: r for r in read_jsonl(cache)} if cache.exists() else {}
    wanted: dict[str, dict[str, list[dict]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row["id"] not in known:
            wanted[row["source"]][row["doc"]].append(row)
    for source, by_document in wanted.items():
        for document in documents(corpora, source):
            for row in by_document.pop(document.id, []):
                text = document.text[row["start"] : row["end"]]
                if passage_id(text) == row["id"]:
                    known[row["id"]] = {"id": row["id"], "title": document.title, "text": text}
                else:
                    left_out["span does not give the labelled text"] += 1
        left_out["document not in the corpora"] += sum(map(len, by_document.values()))
    if wanted:
        cache.parent.mkdir(parents=True, exist_ok=True)
        write_jsonl(cache, list(known.values()))
    return [{**row, **known[row["id"]]} for row in rows if row["id"] in known]
