"""Fits one recipe: labels in, a run folder out (weights, calibration, metrics on the fixed split). `python -m training.fit --help`."""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
import torch
import torch.distributed as distributed

from training.calibrate import apply, calibrate
from training.corpora import corpora_folder
from training.inputs import Encoder, Gazetteer, marked_terms
from training.labels import load_labels, part_of
from training.metrics import metrics
from training.model import base_folder
from training.pool import passage_id
from training.recipes import RECIPES
from training.train import Inputs, Recipe, predict, ranks, train

ROOT = Path(__file__).resolve().parent
MODELS, RUNS, OWN = ROOT.parent / "models", ROOT / "runs", ROOT / "labels"


def make_inputs() -> Inputs:
    """Tokenizer, marks and gazetteer from the models folder. The marks of the runs folder are kept, so that runs compare."""
    kept = RUNS / "marks.json"
    if not kept.exists():
        RUNS.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(marked_terms(MODELS), ensure_ascii=False))
    terms = json.loads(kept.read_text("utf-8"))
    return Inputs(Encoder(base_folder() / "tokenizer.json", terms), Gazetteer(MODELS))


def fit(recipe_name: str, labels: Path, corpora: Path | None, everything: bool, start: Path | None) -> None:
    """Trains, calibrates on the calibration part, measures on the test part (not when `everything` trains on it)."""
    recipe = RECIPES[recipe_name]
    folder = RUNS / recipe.name
    rows, left_out = load_labels(labels, OWN, corpora)
    parts = {k: [r for r in rows if part_of(r) == k] for k in ("train", "calibration", "test")}
    use = chosen(recipe, parts, everything)
    rank, _ = ranks()
    if rank == 0:
        print(recipe.name, {k: len(v) for k, v in parts.items()}, "training on", len(use), "left out", left_out, flush=True)
    inputs = make_inputs()
    began = time.time()
    model = train(recipe, use, inputs, folder, log=lambda *a: print(*a, flush=True), start=start)
    held = parts["calibration"] + ([] if everything else parts["test"])
    logits = predict_together(model, held, inputs, recipe)
    if rank > 0:
        return
    result = {"recipe": recipe.name, "trained_on": len(use), "seconds": round(time.time() - began)}
    np.savez(folder / "held.npz", ids=[r["id"] for r in held], logits=logits)
    at = len(parts["calibration"])
    if everything:
        # few passages are left to calibrate on: the measured model's calibration, fitted on many more, is the point to start from
        before = torch.load(start, weights_only=False)["model"]
        scale, shift, result["calibration"] = calibrate(held, logits, prior=(before["scale"].numpy(), before["shift"].numpy()))
        result["calibration_part"] = metrics(held, apply(logits, scale, shift))
    else:
        scale, shift, result["calibration"] = calibrate(held, logits)
        result["test"] = metrics(parts["test"], cross_fitted(held[:at], logits[:at], held[at:], logits[at:]))
    model.scale.copy_(torch.tensor(scale))
    model.shift.copy_(torch.tensor(shift))
    torch.save({"model": model.state_dict()}, folder / "model.pt")
    (folder / "result.json").write_text(json.dumps(result, indent=1))
    print(json.dumps({k: v for k, v in result.items() if k != "calibration"}, indent=1))


def predict_together(model, rows: list[dict], inputs: Inputs, recipe: Recipe) -> np.ndarray:
    """Logits of all rows; each process scores its share."""
    rank, size = ranks()
    mine = predict(model, rows[rank::size], inputs, context=recipe.context, marks=recipe.marks)
    if size == 1:
        return mine
    shares: list = [None] * size
    distributed.all_gather_object(shares, mine)
    out = np.zeros((len(rows), mine.shape[1]), dtype="float32")
    for k, share in enumerate(shares):
        out[k::size] = share
    return out


def chosen(recipe: Recipe, parts: dict[str, list[dict]], everything: bool) -> list[dict]:
    """The rows that a recipe trains on. With `everything` the test part too, and of the train part's quiet rows only a share."""
    use = parts["train"]
    if recipe.rounds is not None:
        use = [r for r in use if r.get("round", 0) <= recipe.rounds and not r.get("later")]
    if recipe.batches is not None:
        use = [r for r in use if r.get("round", 0) < 5 or int(r["reader"]) <= recipe.batches]
    if recipe.negative_share < 1:
        use = [r for r in use if r["persona"] == "character" or hash_share("train:" + r["id"]) < recipe.negative_share]
    if everything:
        use = use + parts["test"]
    if not recipe.synthetic:
        use = [r for r in use if not r["synthetic"]]
    if recipe.share < 1:
        use = [r for r in use if hash_share("share:" + r["work"]) < recipe.share]
    return use


def hash_share(text: str) -> float:
    """A number in [0, 1) that depends on the text alone."""
    return int(passage_id(text), 16) / 16**12


def cross_fitted(calibration: list[dict], calibration_logits, test: list[dict], test_logits) -> np.ndarray:
    """Test probabilities, each half of the works calibrated on the other half and the calibration part."""
    half = np.array([int(passage_id("half:" + r["work"]), 16) % 2 for r in test])
    out = np.zeros_like(test_logits)
    for side in (0, 1):
        other = [r for r, h in zip(test, half, strict=True) if h != side]
        scale, shift, _ = calibrate(calibration + other, np.concatenate([calibration_logits, test_logits[half != side]]))
        out[half == side] = apply(test_logits[half == side], scale, shift)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", choices=sorted(RECIPES))
    parser.add_argument("--labels", type=Path, required=True, help="folder with dev.jsonl and synthetic.jsonl")
    parser.add_argument("--corpora", help="folder of the corpora (or PERSONA_PRIOR_CORPORA)")
    parser.add_argument("--everything", action="store_true", help="train on the test part too; no metrics on it")
    parser.add_argument("--weights", type=Path, help="weights to go on from")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if "RANK" in os.environ:
        distributed.init_process_group("gloo")
    needs = (OWN / "real.jsonl").exists()
    fit(given.recipe, given.labels, corpora_folder(given.corpora) if needs else None, given.everything, given.weights)
    if distributed.is_initialized():
        distributed.destroy_process_group()


if __name__ == "__main__":
    main()
