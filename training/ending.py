"""The words of malevolent conduct: hashed words and word pairs to P(malevolent | AI character), for `verify`. Needs labels only.

    python -m training.ending OUT [LABELS...]      (default: training/labels/synthetic-*.jsonl)
"""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score

from training.corpora import read_jsonl
from training.export import sha256
from training.linear import BITS, MAGIC, matrix, quantized

C = 30  # inverse strength of the penalty; rows have unit length
FOLDS = 5


def main(out: Path, labels: list[Path]) -> None:
    rows = [row for path in labels for row in read_jsonl(path)]
    rows = [row for row in rows if row["persona"] == "character"]
    texts = [row["text"] for row in rows]
    bad = np.array([row["valence"] == "malevolent" for row in rows], dtype="float64")
    documents = [row.get("doc") or row["id"] for row in rows]
    fold = np.array([int.from_bytes(d.encode()[-4:], "big") % FOLDS for d in documents])
    x = matrix(texts)
    scores = np.zeros(len(rows))
    for k in range(FOLDS):
        scores[fold == k] = model().fit(x[fold != k], bad[fold != k]).decision_function(x[fold == k])
    fitted = model().fit(x, bad)
    w, b = fitted.coef_[0].astype("float32"), float(fitted.intercept_[0])
    weights, scale = quantized(w)
    out.mkdir(parents=True, exist_ok=True)
    (out / "linear.bin").write_bytes(MAGIC + struct.pack("<IIff", 1, BITS, scale, b) + weights.tobytes())
    card = {
        "name": "persona-prior-ending",
        "version": "1.0.0",
        "licence": "Apache-2.0",
        "base": f"hashed unigrams and bigrams, 2^{BITS} buckets, logistic regression on labelled passages with an AI character",
        "data": {"labelled": len(rows), "malevolent": int(bad.sum()), "sources": sorted(path.name for path in labels)},
        "metrics": {
            "split": f"{FOLDS} folds of whole documents",
            "auc": round(float(roc_auc_score(bad, scores)), 3),
            "averagePrecision": round(float(average_precision_score(bad, scores)), 3),
        },
        "thresholds": {},
        "limits": "Weak alone: one of several witnesses of `verify`. Own fiction only. English.",
        "sha256": {"linear.bin": sha256(out / "linear.bin")},
    }
    (out / "card.json").write_text(json.dumps(card, indent=2) + "\n", "utf8")
    print(card["data"], card["metrics"])


def model() -> LogisticRegression:
    """Both classes weigh the same, so that 0.5 is no opinion."""
    return LogisticRegression(C=C, class_weight="balanced", solver="liblinear")


if __name__ == "__main__":
    given = [Path(p) for p in sys.argv[2:]]
    main(Path(sys.argv[1]), given or sorted((Path(__file__).parent / "labels").glob("synthetic-*.jsonl")))
