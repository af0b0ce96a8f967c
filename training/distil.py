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
from training.corpora import FILES, corpora_folder, documents, read_jsonl, write_jsonl
from training.export import score, session
from training.fit import MODELS, OWN, RUNS, hash_share, make_inputs
from training.inputs import context_of
from training.labels import load_labels
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
    parser.add_argument("--labels", type=Path, help="folder of dev.jsonl: labelled passages are learnt from as well")
    parser.add_argument("--teacher", type=Path, help="ONNX graph that scores; without it, the one in models/")
    parser.add_argument("--teacher-name", help="what the card calls the teacher")
    parser.add_argument("--score-only", action="store_true")
    given = parser.parse_args()
    kept = RUNS / f"distil-{given.count}.jsonl"
    if not kept.exists():
        write_jsonl(kept, sample(corpora_folder(given.corpora), given.count))
    rows = read_jsonl(kept)
    if given.score_only:  # an earlier model may score what is learnt from; what is measured on is scored by the model that ships
        rows = [r for r in rows if not is_held(r)]
    print(len(rows), Counter(r["source"] for r in rows), flush=True)
    model = given.teacher or MODELS / "encoder" / "onnx" / "model_quantized.onnx"
    p = teacher(rows, model, RUNS / given.cache, given.count)
    if given.score_only:
        return
    labelled, _ = load_labels(given.labels, OWN, corpora_folder(given.corpora)) if given.labels else ([], {})
    fit_linear(rows, p, labelled, given.version, teacher_name(given.teacher_name))


def fit_linear(rows: list[dict], p: np.ndarray, labelled: list[dict], version: str, scored_by: str) -> None:
    """Fits on 80% of the documents and all their labelled passages, sets the threshold on scored ones of the other 20%, writes models/linear."""
    known = ~np.isnan(p)
    rows, p = [r for r, k in zip(rows, known, strict=True) if k], p[known]
    truth = np.array([{3: 0.97, 2: 0.9}.get(r.get("confidence", 2), 0.75) for r in labelled])
    truth = np.where([r["persona"] == "character" for r in labelled], truth, 1 - truth) if labelled else np.zeros(0)
    scored = np.arange(len(rows) + len(labelled)) < len(rows)
    everything, target = rows + labelled, np.append(p, truth)
    held = np.array([is_held(r) for r in everything])
    x = linear.matrix([r["text"] for r in everything])
    weight = 1 + 3 * target  # a persona lost costs more than one too many
    weights, bias = linear.fit(x[~held], target[~held], weight[~held])
    small, scale = linear.quantized(weights)
    bias = float(np.float32(bias))
    guess = 1 / (1 + np.exp(-(bias + scale * (x @ small.astype("float64")))))
    judged = held & scored
    persona = judged & (target >= 0.5)
    keep = min(float(np.quantile(guess[persona], 1 - KEEP, method="lower")), 0.5)
    gold = held & ~scored & np.array([False] * len(rows) + [r["persona"] == "character" and not r["synthetic"] for r in labelled])
    measured = {
        "split": "20% of documents, by a hash of their ids; passages of documents with an AI term, two thirds of them near one",
        "passages": int(judged.sum()), "persona": int(persona.sum()),
        "kept": round(float((guess[persona] >= keep).mean()), 4), "sent_on": round(float((guess[judged] >= keep).mean()), 4),
        "labelled_characters": int(gold.sum()), "labelled_characters_kept": round(float((guess[gold] >= keep).mean()), 4) if gold.any() else None,
    }  # fmt: skip
    print(measured, "keep", keep)
    card = {
        "name": "persona-prior-linear", "version": version, "date": str(datetime.date.today()), "licence": "Apache-2.0",
        "base": "hashed unigrams and bigrams, 2^18 buckets, logistic regression on the encoder's P(character) and on labels",
        "data": {
            "scored": len(rows), "labelled": len(labelled), "teacher": scored_by,
            "sources": dict(Counter(r["source"] for r in everything)),
        },
        "metrics": measured, "thresholds": {"keep": keep},
        "limits": "A filter, not a classifier: its probability only decides whether the encoder reads the passage. English.",
    }  # fmt: skip
    linear.write_folder(MODELS / "linear", small, scale, bias, card)


def is_held(row: dict) -> bool:
    """Whether the linear tier is measured on this document."""
    return hash_share("linear:" + row["doc"]) < 0.2


def teacher_name(given: str | None) -> str:
    if given:
        return given
    card = json.loads((MODELS / "encoder" / "card.json").read_text("utf-8"))
    return f"{card['name']}@{card['version']}"


if __name__ == "__main__":
    main()
