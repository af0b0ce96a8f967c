"""The linear tier: hashed words and word pairs to P(character), learnt from the encoder's scores. INPUT.md says how, bit by bit."""

from __future__ import annotations

import json
import re
import shutil
import struct
import unicodedata
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.optimize import minimize

from training.export import replace_folder, sha256

BITS = 18
_TOKEN = re.compile(r"[a-z0-9]+")
_MARKS = re.compile(r"[\u0300-\u036f]")
MAGIC = b"PPLR"


def tokens(text: str) -> list[str]:
    """Words in lower case, without accents."""
    return _TOKEN.findall(_MARKS.sub("", unicodedata.normalize("NFKD", text.lower())))


def features(words: list[str], bits: int = BITS) -> np.ndarray:
    """Sorted distinct bucket numbers, of `bits` bits, of unigrams and bigrams."""
    grams = set(words)
    grams.update(f"{a} {b}" for a, b in zip(words, words[1:], strict=False))
    return np.unique(np.fromiter((fnv1a(g) & ((1 << bits) - 1) for g in grams), dtype=np.uint32, count=len(grams)))


def fnv1a(text: str) -> int:
    """FNV-1a, 32 bits, over the ASCII bytes."""
    value = 0x811C9DC5
    for byte in text.encode("ascii"):
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def matrix(texts: list[str]) -> sparse.csr_matrix:
    """Rows of 1 / sqrt(n) at each of the n distinct features."""
    columns, values, starts = [], [], [0]
    for text in texts:
        found = features(tokens(text))
        columns.append(found)
        values.append(np.full(len(found), 1 / np.sqrt(max(1, len(found))), dtype="float32"))
        starts.append(starts[-1] + len(found))
    return sparse.csr_matrix(
        (np.concatenate(values), np.concatenate(columns).astype("int32"), np.array(starts)), shape=(len(texts), 1 << BITS)
    )


def fit(x: sparse.csr_matrix, target: np.ndarray, weight: np.ndarray, l2: float = 1e-4) -> tuple[np.ndarray, float]:
    """Logistic regression on soft targets by L-BFGS. Returns weights and bias."""
    total = weight.sum()

    def loss(parameters: np.ndarray):
        w, b = parameters[:-1], parameters[-1]
        z = x @ w + b
        p = 1 / (1 + np.exp(-z))
        nll = (weight * (np.logaddexp(0, z) - target * z)).sum() / total
        error = weight * (p - target) / total
        return nll + l2 * (w @ w), np.append(x.T @ error + 2 * l2 * w, error.sum())

    start = np.zeros(x.shape[1] + 1)
    start[-1] = np.log(target.mean() / (1 - target.mean()))
    best = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 120})
    return best.x[:-1].astype("float32"), float(best.x[-1])


def quantized(weights: np.ndarray) -> tuple[np.ndarray, float]:
    """int8 weights and their scale."""
    scale = float(np.float32(np.abs(weights).max() / 127)) or 1.0  # as the file holds it
    return np.clip(np.rint(weights / scale), -127, 127).astype("int8"), scale


def probability(text: str, weights: np.ndarray, scale: float, bias: float) -> tuple[int, float]:
    """Number of distinct features and P(character), as the tool computes them (float64 sums of int8 weights)."""
    found = features(tokens(text))
    z = bias + scale * float(weights[found].astype("int64").sum()) / np.sqrt(max(1, len(found)))
    return len(found), float(1 / (1 + np.exp(-z)))


def write_folder(target: Path, weights: np.ndarray, scale: float, bias: float, card: dict) -> None:
    """Header `PPLR`, uint32 version 1, uint32 bits, float32 scale, float32 bias, then 2^bits int8; all little-endian."""
    fresh = target.with_name(target.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    (fresh / "linear.bin").write_bytes(MAGIC + struct.pack("<IIff", 1, BITS, scale, bias) + weights.tobytes())
    card = card | {"sha256": {"linear.bin": sha256(fresh / "linear.bin")}}
    (fresh / "card.json").write_text(json.dumps(card, ensure_ascii=False, indent=2) + "\n", "utf-8")
    replace_folder(fresh, target)
