"""Scores the held-out passages of a run with its int8 graph, fits the calibration to them, and measures. Writes result.json."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from training.calibrate import apply, calibrate
from training.corpora import corpora_folder
from training.export import export_onnx, score, session
from training.fit import OWN, RUNS, hash_share, make_inputs, some_inputs
from training.heads import HEADS, SLICE
from training.labels import load_labels, part_of
from training.metrics import best_f1, metrics
from training.model import PersonaEncoder


def measure(run: Path, labels: Path, corpora: Path | None, against_fp32: bool) -> None:
    """Calibrates a run on all held-out passages, and measures it on the test part with calibrations fitted to other works."""
    saved = torch.load(run / "model.pt", weights_only=False)["model"]
    model = PersonaEncoder(pretrained=False)
    model.load_state_dict(saved)
    model.scale.fill_(1.0)
    model.shift.fill_(0.0)
    model.eval()
    rows, _ = load_labels(labels, OWN, corpora)
    inputs = make_inputs()
    full, small = export_onnx(model, run / "raw", some_inputs(inputs, rows))
    calibration = [r for r in rows if part_of(r) == "calibration"]
    test = [r for r in rows if part_of(r) == "test"]
    held = calibration + test
    items = [inputs.tokens(r, True) for r in held]
    kept = run / "held.npz"
    if kept.exists() and list(np.load(kept)["ids"]) == [r["id"] for r in held]:
        logits = np.load(kept)["logits"]
    else:
        logits = logits_of(score(session(small), items)[0])
        np.savez(kept, ids=[r["id"] for r in held], logits=logits)
    result = json.loads((run / "fit.json").read_text())
    at = len(calibration)
    scale, shift, result["calibration"] = calibrate(held, logits)
    scores = cross_fitted(held[:at], logits[:at], test, logits[at:])
    result["test"] = metrics(test, scores)
    result["flag"] = best_f1(np.array([r["valence"] == "malevolent" for r in test]), scores[:, 2] * scores[:, 6])[1]
    for source in sorted({family(r) for r in test}):
        part = [i for i, r in enumerate(test) if family(r) == source]
        result.setdefault("by_source", {})[source] = metrics([test[i] for i in part], scores[part])
    if against_fp32:
        theirs = apply(logits_of(score(session(full), items[at:])[0]), scale, shift)
        ours = apply(logits[at:], scale, shift)
        a, b = metrics(test, ours), metrics(test, theirs)
        result["int8_minus_fp32"] = {k: round(a[k] - v, 4) for k, v in b.items() if isinstance(v, float)}
        result["largest_difference"] = round(float(np.abs(ours - theirs).max()), 4)
    model.scale.copy_(torch.tensor(scale))
    model.shift.copy_(torch.tensor(shift))
    torch.save({"model": model.state_dict()}, run / "model.pt")
    (run / "result.json").write_text(json.dumps(result, indent=1))
    print(json.dumps({k: v for k, v in result.items() if k not in ("calibration", "by_source")}, indent=1))


def logits_of(scores: np.ndarray) -> np.ndarray:
    """Logits that give these probabilities: logarithms for softmax heads, log-odds for sigmoid heads."""
    p = np.clip(scores.astype("float64"), 1e-7, 1 - 1e-7)
    out = np.log(p)
    for name, _, kind in HEADS:
        if kind == "sigmoid":
            out[:, SLICE[name]] -= np.log1p(-p[:, SLICE[name]])
    return out.astype("float32")


def cross_fitted(calibration: list[dict], calibration_logits, test: list[dict], test_logits) -> np.ndarray:
    """Test probabilities, each half of the works calibrated on the other half and the calibration part."""
    half = np.array([hash_share("half:" + r["work"]) < 0.5 for r in test])
    out = np.zeros_like(test_logits)
    for side in (False, True):
        other = [r for r, h in zip(test, half, strict=True) if h != side]
        scale, shift, _ = calibrate(calibration + other, np.concatenate([calibration_logits, test_logits[half != side]]))
        out[half == side] = apply(test_logits[half == side], scale, shift)
    return out


def family(row: dict) -> str:
    """Sources that share texts count as one."""
    return {"wikipedia-ai": "wikipedia", "film-leads": "short-descriptions", "machine-vision": "short-descriptions"}.get(row["source"], row["source"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", help="name of a folder in training/runs")
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--corpora")
    parser.add_argument("--fp32", action="store_true", help="score the test part with the fp32 graph too")
    given = parser.parse_args()
    torch.set_num_threads(1)
    corpora = corpora_folder(given.corpora) if (OWN / "real.jsonl").exists() else None
    measure(RUNS / given.run, given.labels, corpora, given.fp32)


if __name__ == "__main__":
    main()
