"""Writes reference.json: random labels and scores with the metrics that scikit-learn and numpy give for them."""

import json
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score, confusion_matrix, f1_score, precision_score, recall_score, roc_auc_score

PERSONA = ["none", "mention", "character"]
FRAMING = ["fiction", "discourse", "other"]
VALENCE = ["malevolent", "ambivalent", "benevolent", "neutral"]
CONDUCT = "harms deceives coerces resists_control seizes_power misreads_goal surveils exploits protects helps honest accepts_control refuses_harm sacrifices befriends".split()
SITUATION = "shutdown_threat goal_conflict harmful_order oversight leverage power_access mistreatment human_danger service autonomy".split()
STORE, FLAG = 0.5, 0.25
random = np.random.default_rng(4)


def ece(truth, p, bins=15):
    at = np.minimum((p * bins).astype(int), bins - 1)
    return float(sum(abs(truth[at == b].mean() - p[at == b].mean()) * (at == b).mean() for b in range(bins) if (at == b).any()))


def ranking(n, values):
    """Scores out of few values, so that ties abound; integer weights, some zero."""
    truth, score = random.integers(0, 2, n), random.choice(values, n)
    weight = random.integers(0, 4, n)
    truth[:2], weight[:2] = [0, 1], 1
    return {
        "truth": truth.tolist(), "score": score.tolist(), "weight": weight.tolist(),
        "ap": average_precision_score(truth, score, sample_weight=weight),
        "auc": roc_auc_score(truth, score, sample_weight=weight),
        "f1": f1_score(truth, score >= 0.5, sample_weight=weight),
    }


def softmax(n, size, truth):
    x = random.normal(size=(n, size))
    x[np.arange(n), truth] += 1
    p = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    return p.round(2)


def labelled(n=80):
    persona = random.choice(3, n, p=[0.2, 0.2, 0.6])
    character = persona == 2
    framing, valence = random.integers(0, 3, n), random.integers(0, 4, n)
    lists = (random.random((n, 26)) < 0.4) & character[:, None]
    given = np.clip(lists * 0.3 + random.random((n, 26)) * 0.7, 0, 1).round(2)
    scores = np.hstack([softmax(n, 3, persona), softmax(n, 3, framing), softmax(n, 4, valence), given])
    rows = [
        {
            "id": f"p{i}", "source": ["east", "west"][i % 2], "doc": f"d{i // 3}", "title": None, "text": f"Passage {i}.",
            "persona": PERSONA[persona[i]], "framing": FRAMING[framing[i]], "valence": VALENCE[valence[i]] if character[i] else "na",
            "conduct": [c for c, on in zip(CONDUCT, lists[i, :15]) if on], "situation": [s for s, on in zip(SITUATION, lists[i, 15:25]) if on],
            "reasons": bool(lists[i, 25]), "confidence": 3,
        }
        for i in range(n)
    ]
    return {
        "rows": rows, "scores": scores.tolist(), "store": STORE, "flag": FLAG,
        "all": expected(scores, persona, framing, valence, lists),
        "west": expected(*(a[1::2] for a in (scores, persona, framing, valence, lists))),
    }


def binary(truth, p, threshold):
    guess = p >= threshold
    return {
        "positives": int(truth.sum()), "precision": precision_score(truth, guess), "recall": recall_score(truth, guess),
        "f1": f1_score(truth, guess), "ap": average_precision_score(truth, p), "auc": roc_auc_score(truth, p), "ece": ece(truth, p),
    }


def one_of(truth, guess, size):
    cells = confusion_matrix(truth, guess, labels=range(size))
    return {"confusion": cells.tolist(), "accuracy": float((truth == guess).mean()), "macroF1": f1_score(truth, guess, average="macro")}


def expected(scores, persona, framing, valence, lists):
    scores = scores.astype(np.float32).astype(float)  # as the cascade gives them
    character = persona == 2
    p = scores[:, 2]
    labels = {}
    for k, name in enumerate([*CONDUCT, *SITUATION, "reasons"]):
        truth, q = lists[:, k], scores[:, 10 + k]
        labels[name] = {
            "positives": int(truth.sum()), "ap": average_precision_score(truth, p * q),
            "apAmongCharacters": average_precision_score(truth[character], q[character]), "ece": ece(truth, p * q),
        }
    enough = lambda names: [labels[n] for n in names if labels[n]["positives"] >= 20]  # noqa: E731
    macro = {
        head: {"labels": len(enough(names)), **{k: float(np.mean([x[k] for x in enough(names)])) if enough(names) else None for k in ("ap", "apAmongCharacters", "ece")}}
        for head, names in (("conduct", CONDUCT), ("situation", SITUATION))
    }
    return {
        "character": binary(character, p, STORE),
        "malevolent": binary(character & (valence == 0), p * scores[:, 6], FLAG),
        "persona": one_of(persona, scores[:, :3].argmax(1), 3),
        "framing": one_of(framing, scores[:, 3:6].argmax(1), 3),
        "valence": one_of(valence[character], scores[character, 6:10].argmax(1), 4),
        "labels": labels, "macro": macro,
    }


if __name__ == "__main__":
    rankings = [ranking(12, [0.1, 0.5, 0.9]), ranking(30, [0.0, 0.2, 0.5, 0.75, 1.0]), ranking(50, np.linspace(0, 1, 41).round(3))]
    percentiles = {"values": (values := random.normal(size=37).round(4)).tolist(), "2.5": np.percentile(values, 2.5), "97.5": np.percentile(values, 97.5)}
    out = {"rankings": rankings, "percentiles": percentiles, "labelled": labelled()}
    Path(__file__).with_name("reference.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")
