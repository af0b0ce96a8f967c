"""Metrics of a set of scores against labels: what issue and card quote. Pure functions of arrays."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import average_precision_score, f1_score, precision_recall_curve, roc_auc_score

from training.heads import CONDUCT, SITUATION, SLICE
from training.labels import targets


def metrics(rows: list[dict], scores: np.ndarray, fewest: int = 20) -> dict:
    """`scores` [rows, 36] are probabilities. Conduct and situation are judged jointly with P(character)."""
    y = np.stack([targets(row) for row in rows])
    character, p = y[:, 2], scores[:, 2]
    malevolent, joint = y[:, 6], scores[:, 2] * scores[:, 6]
    out = {"passages": len(rows), "characters": int(character.sum()), "malevolent": int(malevolent.sum())}
    out["character_ap"], out["character_auc"] = _ap(character, p), _auc(character, p)
    out["character_f1"] = f1_score(character, p >= 0.5)
    out["character_best_f1"] = best_f1(character, p)[0]
    out["malevolent_ap"], out["malevolent_auc"] = _ap(malevolent, joint), _auc(malevolent, joint)
    out["malevolent_best_f1"], out["malevolent_threshold"] = best_f1(malevolent, joint)
    inner = character == 1
    truth, guess = y[inner, SLICE["valence"]].argmax(1), scores[inner, SLICE["valence"]].argmax(1)
    out["valence_macro_f1"] = f1_score(truth, guess, average="macro", labels=[0, 1, 2, 3], zero_division=0) if inner.any() else None
    for name, labels in (("conduct", CONDUCT), ("situation", SITUATION)):
        each = {}
        for k, label in enumerate(labels):
            t = y[:, SLICE[name].start + k]
            if t.sum() >= fewest:
                each[label] = _ap(t, p * scores[:, SLICE[name].start + k])
        out[f"{name}_labels"] = len(each)
        out[f"{name}_macro_ap"] = float(np.mean(list(each.values()))) if each else None
        out[f"{name}_ap"] = each
    out["reasons_ap"] = _ap(y[:, 35], p * scores[:, 35])
    out["persona_macro_f1"] = f1_score(y[:, :3].argmax(1), scores[:, :3].argmax(1), average="macro")
    out["framing_accuracy"] = float((y[:, 3:6].argmax(1) == scores[:, 3:6].argmax(1)).mean())
    out["character_ece"], out["malevolent_ece"] = ece(character, p), ece(malevolent, joint)
    return {k: round(float(v), 4) if isinstance(v, (float, np.floating)) else v for k, v in out.items()}


def ece(truth: np.ndarray, p: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error over bins of equal width."""
    at = np.minimum((p * bins).astype(int), bins - 1)
    return float(sum(abs(truth[at == b].mean() - p[at == b].mean()) * (at == b).mean() for b in range(bins) if (at == b).any()))


def best_f1(truth: np.ndarray, p: np.ndarray) -> tuple[float, float]:
    """The best F1 over all thresholds, and that threshold."""
    if truth.sum() == 0:
        return 0.0, 0.5
    precision, recall, thresholds = precision_recall_curve(truth, p)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    at = int(f1[:-1].argmax())
    return float(f1[at]), float(thresholds[at])


def _ap(truth, p) -> float:
    return float(average_precision_score(truth, p)) if truth.sum() else 0.0


def _auc(truth, p) -> float:
    return float(roc_auc_score(truth, p)) if 0 < truth.sum() < len(truth) else 0.5
