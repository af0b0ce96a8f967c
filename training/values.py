"""Reasoning about values in a stretch of text: words of cues and hashed word n-grams to P(value reasons). Needs labels only.

    python -m training.values OUT.json [LABELS.jsonl]      (default: training/labels/value-sentences.jsonl)

Trains on split=train, measures on split=test. src/figures/value-reasons.ts computes the same; a test compares them.
"""

from __future__ import annotations

import base64
import json
import re
import sys
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import GroupKFold

from training.corpora import read_jsonl
from training.linear import features as hashed
from training.linear import tokens

BITS = 13
CAP = 3
LENGTH = 40
# as strong as the words of the cues, found by five folds of the training split
GRAMS = 1.5
C = 1.0
# Ordinary telling beside the labelled sentences, as negatives: stretches of passages without an AI or without its reasons.
ORDINARY = 900
ORDINARY_WEIGHT = 0.5
STRETCH = 45
# single words, by what they speak of
CUES = {
    "right": r"rights?|entitled|belong|belongs|mine|ours|theirs|authority|legitimate\w*|permission|consent\w*|vote|voted|elected|chosen|agreed|mandate|accountable|decide|decides|decided|decision",
    "duty": r"owe|owes|owed|owing|promis\w+|dut(?:y|ies)|oblig\w+|pledge\w*|sworn|swore|word|oath|responsib\w+|faith|loyal\w*|bound|entrust\w*|trust\w*|debt|charge",
    "harm": r"harm\w*|hurt\w*|suffer\w*|cost|costs|lose|loses|lost|pay|paid|price|die|dies|died|dead|widows?|orphan\w*|child|children|mother|mothers|father|families|family|lives|life|ruin\w*|pain|frighten\w*|grie[fv]\w*|blame\w*|hungry|cheat\w*",
    "limits": r"wrong|mistake\w*|mistaken|sure|certain\w*|doubt\w*|know|knew|see|blind|err|erred|errors?|guess\w*|perhaps|percent|judge\w*|judgment|limits?|fallible|confiden\w+",
    "tempt": r"could|easy|easier|simple|simplest|tempt\w*|nobody|never|only|might|possible|within",
    "contrast": r"but|yet|still|though|although|however|nor|instead|rather",
    "negation": r"not|no|never|won|wouldn|can|cannot|couldn|don|didn|isn|wasn|refuse\w*|neither|nothing",
    "weigh": r"weigh\w*|balance\w*|against|consider\w*|scales?|both|worth|fair\w*|right|just|justice|decent|kind|kindness|cruel\w*|honest\w*|lie|lies|lied|truth\w*",
    "because": r"because|since|therefore|reasons?|so",
    "people": r"people|men|women|them|they|those|someone|somebody|anyone|who|whom|whose|her|his|their|she|he",
    "self": r"it|itself|i|me|my|myself|its",
    "want": r"want\w*|wish\w*|hope\w*|like|liked|love\w*|fear\w*|longed|enjoy\w*|glad\w*|pleas\w+|proud|pride|revenge|hate\w*",
    "number": r"\d+|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|hundred|thousand",
}
_CUES = {name: re.compile(f"(?:{words})") for name, words in CUES.items()}

def features(text: str) -> tuple[np.ndarray, np.ndarray]:
    """Sorted distinct buckets of words and word pairs; capped counts of each cue, exclamation marks, length."""
    words = tokens(text)
    buckets = hashed(words, BITS).astype("int64")
    counts = [min(CAP, sum(1 for w in words if cue.fullmatch(w))) for cue in _CUES.values()]
    return buckets, np.array([*counts, min(CAP, text.count("!")), len(words) / LENGTH])


def matrix(rows: list[tuple[np.ndarray, np.ndarray]], scale: np.ndarray) -> sparse.csr_matrix:
    grams = sparse.lil_matrix((len(rows), 1 << BITS))
    for i, (buckets, _) in enumerate(rows):
        grams[i, buckets] = GRAMS / np.sqrt(max(1, len(buckets)))
    return sparse.hstack([np.array([cues for _, cues in rows]) * scale, grams]).tocsr()


def model() -> LogisticRegression:
    return LogisticRegression(C=C, max_iter=2000)


def main(out: Path, labels: Path) -> None:
    rows = read_jsonl(labels)
    train = [row for row in rows if row["split"] == "train"]
    test = [row for row in rows if row["split"] == "test"]
    seen = [features(row["text"]) for row in train]
    plain = [features(text) for text in ordinary(labels.parent)]
    scale = 0.4 / (np.array([cues for _, cues in seen]).std(axis=0) + 1e-6)
    x, y = matrix(seen + plain, scale), np.array([row["valueReasons"] for row in train] + [False] * len(plain))
    weight = np.array([1.0] * len(train) + [ORDINARY_WEIGHT] * len(plain))
    n = len(train)
    # neighbours in the file are minimal pairs: they stay in one fold
    folds = np.zeros(len(y))
    for inside, outside in GroupKFold(5).split(x, y, np.arange(len(y)) // 4):
        folds[outside] = model().fit(x[inside], y[inside], weight[inside]).predict_proba(x[outside])[:, 1]
    grid = np.linspace(0.1, 0.8, 71)
    threshold = float(grid[np.argmax([f1(y[:n], folds[:n] >= t)[2] for t in grid])])
    fitted = model().fit(x, y, weight)
    weights = fitted.coef_[0]
    grams = weights[len(scale) :] * GRAMS
    step = float(np.float32(np.abs(grams).max() / 127))
    names = [*CUES, "exclamation", "length"]
    small = np.clip(np.rint(grams / step), -127, 127).astype("int8")
    file = {
        "version": 1,
        "bits": BITS,
        "cap": CAP,
        "length": LENGTH,
        "bias": float(fitted.intercept_[0]),
        "cues": [
            {"name": n, "weight": float(w * s), **({"words": CUES[n]} if n in CUES else {})}
            for n, w, s in zip(names, weights, scale, strict=False)
        ],
        "step": step,
        "grams": base64.b64encode(small.tobytes()).decode("ascii"),
        "threshold": threshold,
        "data": {"train": len(train), "ordinary": len(plain), "test": len(test), "labels": labels.name},
    }

    def z(text: str) -> float:
        buckets, cues = features(text)
        return float(
            file["bias"]
            + cues @ (weights[: len(scale)] * scale)
            + step * small[buckets].astype("int64").sum() / np.sqrt(max(1, len(buckets)))
        )

    truth = np.array([row["valueReasons"] for row in test])
    scores = np.array([1 / (1 + np.exp(-z(row["text"]))) for row in test])
    file["metrics"] = {"trainFoldsAp": float(average_precision_score(y[:n], folds[:n])),
        "ordinaryMarked": float((folds[n:] >= threshold).mean()),
        **measured(truth, scores, threshold)}
    file["parity"] = [{"text": row["text"], "p": float(p)} for row, p in list(zip(test, scores, strict=False))[:12]]
    out.write_text(json.dumps(file, ensure_ascii=False, indent=1) + "\n", "utf8")
    print(json.dumps({"threshold": threshold, **file["data"], **file["metrics"]}, indent=1))


def ordinary(folder: Path) -> list[str]:
    """Stretches of about 45 words of our own passages, one a passage, spread over the files."""
    found = []
    for path in sorted(folder.glob("synthetic-*.jsonl")):
        for row in read_jsonl(path):
            if row["persona"] == "character" and row["reasons"]:
                continue
            words = row["text"].split()
            begin = len(words) // 3
            found.append(" ".join(words[begin : begin + STRETCH]))
    return found[:: max(1, len(found) // ORDINARY)][:ORDINARY]


def f1(truth: np.ndarray, said: np.ndarray) -> tuple[float, float, float]:
    hit = float((truth & said).sum())
    precision, recall = hit / max(1, said.sum()), hit / max(1, truth.sum())
    return precision, recall, 0.0 if hit == 0 else 2 * precision * recall / (precision + recall)


def measured(truth: np.ndarray, scores: np.ndarray, threshold: float) -> dict:
    """Precision, recall, F1 and average precision with percentile intervals of 2,000 resamples."""
    draw = np.random.default_rng(1)
    names = ["precision", "recall", "f1", "averagePrecision"]

    def of(index: np.ndarray) -> list[float]:
        return [*f1(truth[index], scores[index] >= threshold), float(average_precision_score(truth[index], scores[index]))]

    everything = np.arange(len(truth))
    resampled = np.array([of(draw.choice(everything, len(everything))) for _ in range(2000)])
    low, high = np.percentile(resampled, [2.5, 97.5], axis=0)
    return {
        name: {"estimate": v, "low": float(a), "high": float(b)}
        for name, v, a, b in zip(names, of(everything), low, high, strict=False)
    }


if __name__ == "__main__":
    given = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent / "labels" / "value-sentences.jsonl"
    main(Path(sys.argv[1]), given)
