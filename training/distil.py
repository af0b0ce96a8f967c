"""Scores a pool of unlabelled passages with the finished encoder, fits the linear tier to them, and sets its threshold."""

from __future__ import annotations

import argparse
import datetime
import json
import random
from collections import Counter
from pathlib import Path

import numpy as np

from training import linear
from training.corpora import FILES, corpora_folder, documents
from training.export import score, session
from training.fit import MODELS, RUNS, make_inputs
from training.inputs import context_of
from training.pool import passage_id
from training.terms import terms_in
from training.windows import windows

KEEP = 0.995


def sample(folder: Path, count: int, seed: int = 3) -> list[dict]:
    """Windows of documents that hold an AI term: half near a term (within two windows), half anywhere in them."""
    draw = random.Random(seed)
    near: dict[str, list[dict]] = {}
    far: dict[str, list[dict]] = {}
    for source in FILES:
        close, rest = near.setdefault(source, []), far.setdefault(source, [])
        for document in documents(folder, source):
            if terms_in(document.text, strong=source in ("wikipedia", "gutenberg-general")) == 0:
                continue
            cut = windows(document.text, "distil:" + document.id)
            counts = [terms_in(document.text[w.start : w.end]) for w in cut]
            for i, window in enumerate(cut):
                row = {"source": source, "doc": document.id, "title": document.title, "text": document.text[window.start : window.end]}
                (close if sum(counts[max(0, i - 2) : i + 3]) else rest).append(row)
    chosen = []
    for groups, share in ((near, count * 2 // 3), (far, count - count * 2 // 3)):
        # no source gives more than 40% of a half while others have some left
        cap = int(share * 0.4)
        rows = [r for group in groups.values() for r in draw.sample(group, min(len(group), cap))]
        chosen += draw.sample(rows, min(len(rows), share))
    draw.shuffle(chosen)
    for row in chosen:
        row["id"] = passage_id(row["text"])
    return list({row["id"]: row for row in chosen}.values())


def teacher(rows: list[dict], model: Path, cache: Path, limit: int) -> np.ndarray:
    """P(character) of each row from the int8 graph; kept in `cache` by passage, so that a killed run goes on."""
    known = {}
    if cache.exists():
        for line in cache.read_text("utf-8").splitlines():
            identity, p = line.split("\t")
            known[identity] = float(p)
    inputs = make_inputs()
    run = session(model)
    with open(cache, "a", encoding="utf-8") as out:
        for row in rows[:limit]:
            if row["id"] in known:
                continue
            names = inputs.gazetteer.names(row["title"], row["text"])
            scores, _ = score(run, [inputs.encoder.encode(row["text"], context_of(row["title"], names), names)])
            known[row["id"]] = float(scores[0, 2])
            out.write(f"{row['id']}\t{known[row['id']]:.6f}\n")
            out.flush()
    return np.array([known.get(row["id"], np.nan) for row in rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora")
    parser.add_argument("--count", type=int, default=16000)
    parser.add_argument("--cache", default="teacher.tsv", help="name of the score file in the runs folder")
    parser.add_argument("--version", default="0.1.0")
    given = parser.parse_args()
    rows = sample(corpora_folder(given.corpora), given.count)
    print(len(rows), Counter(r["source"] for r in rows), flush=True)
    p = teacher(rows, MODELS / "encoder" / "onnx" / "model_quantized.onnx", RUNS / given.cache, given.count)
    fit_linear(rows, p, given.version)


def fit_linear(rows: list[dict], p: np.ndarray, version: str) -> None:
    """Fits on 80% of the works, sets the threshold on the other 20%, writes models/linear."""
    known = ~np.isnan(p)
    rows, p = [r for r, k in zip(rows, known, strict=True) if k], p[known]
    held = np.array([hash_share(r["doc"]) < 0.2 for r in rows])
    x = linear.matrix([r["text"] for r in rows])
    weight = 1 + 3 * p  # a persona lost costs more than one too many
    weights, bias = linear.fit(x[~held], p[~held], weight[~held])
    small, scale = linear.quantized(weights)
    bias = float(np.float32(bias))
    z = bias + scale * (x[held] @ small.astype("float64"))
    guess = 1 / (1 + np.exp(-z))
    persona = p[held] >= 0.5
    keep = float(np.quantile(guess[persona], 1 - KEEP, method="lower"))
    keep = min(keep, 0.5)
    kept, passed = float((guess[persona] >= keep).mean()), float((guess >= keep).mean())
    measured = {
        "split": "20% of documents, by a hash of their ids", "passages": int(held.sum()), "persona": int(persona.sum()),
        "kept": round(kept, 4), "sent_on": round(passed, 4),
    }  # fmt: skip
    print(measured, "keep", keep)
    card = {
        "name": "persona-prior-linear", "version": version, "date": str(datetime.date.today()), "licence": "Apache-2.0",
        "base": "hashed unigrams and bigrams, 2^18 buckets, logistic regression on the encoder's P(character)",
        "data": {"passages": len(rows), "sources": dict(Counter(r["source"] for r in rows)), "teacher": teacher_name()},
        "metrics": measured, "thresholds": {"keep": keep},
        "limits": "A filter, not a classifier: its probability only decides whether the encoder reads the passage. English.",
    }  # fmt: skip
    linear.write_folder(MODELS / "linear", small, scale, bias, card)


def teacher_name() -> str:
    card = json.loads((MODELS / "encoder" / "card.json").read_text("utf-8"))
    return f"{card['name']}@{card['version']}"


def hash_share(text: str) -> float:
    return int(passage_id("linear:" + text), 16) / 16**12


if __name__ == "__main__":
    main()
