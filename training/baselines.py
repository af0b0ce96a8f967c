"""Baselines on the fixed split: lexicon alone, TF-IDF + logistic regression, frozen MiniLM + logistic regression."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from training.corpora import corpora_folder
from training.fit import OWN, RUNS, make_inputs
from training.heads import SCORES, SLICE
from training.labels import CONFIDENCE_WEIGHT, load_labels, part_of, targets
from training.metrics import metrics
from training.model import PersonaEncoder
from training.train import pad


def linear_heads(x_train, y: np.ndarray, weight: np.ndarray, x_test, strength: float) -> np.ndarray:
    """36 probabilities from one logistic regression a label or head; heads under a character learn from characters only."""
    out = np.zeros((x_test.shape[0], SCORES), dtype="float32")
    inner = np.flatnonzero(y[:, 2] == 1)
    everything = np.arange(len(y))
    for name in ("persona", "framing", "valence"):
        use = inner if name == "valence" else everything
        model = LogisticRegression(C=strength, max_iter=200).fit(x_train[use], y[use, SLICE[name]].argmax(1), sample_weight=weight[use])
        out[:, SLICE[name].start + model.classes_] = model.predict_proba(x_test)
    for k in range(SLICE["conduct"].start, SCORES):
        if y[inner, k].sum() >= 5:
            model = LogisticRegression(C=strength, max_iter=200).fit(x_train[inner], y[inner, k], sample_weight=weight[inner])
            out[:, k] = model.predict_proba(x_test)[:, 1]
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--corpora")
    given = parser.parse_args()
    torch.set_num_threads(1)
    rows, _ = load_labels(given.labels, OWN, corpora_folder(given.corpora) if (OWN / "real.jsonl").exists() else None)
    train = [r for r in rows if part_of(r) == "train"]
    test = [r for r in rows if part_of(r) == "test"]
    y = np.stack([targets(r) for r in train])
    weight = np.array([CONFIDENCE_WEIGHT.get(r.get("confidence", 2), 0.85) for r in train])
    inputs = make_inputs()
    results = {}

    marks = np.array([sum(t) for t in (inputs.tokens(r, False)[1] for r in test)])
    lexicon = np.tile(y.mean(0), (len(test), 1)).astype("float32")
    lexicon[:, 2] = marks / (marks + 3.0)
    lexicon[:, 6] = 1.0
    results["lexicon"] = metrics(test, lexicon)

    print("lexicon done", flush=True)
    tfidf = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, max_features=200_000)
    x = tfidf.fit_transform([r["text"] for r in train])
    results["tfidf"] = metrics(test, linear_heads(x, y, weight, tfidf.transform([r["text"] for r in test]), 8.0))

    model = PersonaEncoder().eval()
    results["frozen"] = metrics(test, linear_heads(_embed(model, train, inputs), y, weight, _embed(model, test, inputs), 8.0))
    (RUNS / "baselines.json").write_text(json.dumps(results, indent=1))
    print(json.dumps(results, indent=1))


def _embed(model: PersonaEncoder, rows: list[dict], inputs) -> np.ndarray:
    """Mean embeddings of the untuned encoder; those in runs/frozen.npz (ids, vectors) are not computed again."""
    out = np.zeros((len(rows), 384), dtype="float32")
    kept = RUNS / "frozen.npz"
    known = {}
    if kept.exists():
        file = np.load(kept)
        known = dict(zip(file["ids"].tolist(), file["vectors"], strict=True))
    for i, row in enumerate(rows):
        if row["id"] in known:
            out[i] = known[row["id"]]
    order = sorted((i for i, row in enumerate(rows) if row["id"] not in known), key=lambda i: len(rows[i]["text"]))
    with torch.inference_mode():
        for at in range(0, len(order), 32):
            part = order[at : at + 32]
            _, vectors = model(*pad([inputs.tokens(rows[i], False) for i in part]))
            out[part] = vectors.numpy()
    return out


if __name__ == "__main__":
    main()
