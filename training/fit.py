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
from training.recipes import RECIPES
from training.train import Inputs, predict, ranks, train

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
    folder = RUNS / (recipe.name + ("-all" if everything else ""))
    rows, left_out = load_labels(labels, OWN, corpora)
    parts = {k: [r for r in rows if part_of(r) == k] for k in ("train", "calibration", "test")}
    use = parts["train"] + (parts["test"] if everything else [])
    if not recipe.synthetic:
        use = [r for r in use if not r["synthetic"]]
    if recipe.share < 1:
        works = sorted({r["work"] for r in use})
        keep = set(np.random.default_rng(recipe.seed).permutation(works)[: int(len(works) * recipe.share)])
        use = [r for r in use if r["work"] in keep]
    rank, _ = ranks()
    if rank == 0:
        print(recipe.name, {k: len(v) for k, v in parts.items()}, "training on", len(use), "left out", left_out, flush=True)
    inputs = make_inputs()
    began = time.time()
    model = train(recipe, use, inputs, folder, log=lambda *a: print(*a, flush=True), start=start)
    if rank > 0:
        return
    logits = {k: predict(model, parts[k], inputs, context=recipe.context, marks=recipe.marks) for k in ("calibration", "test")}
    bare = predict(model, parts["test"], inputs, context=False, marks=recipe.marks)
    scale, shift, summary = calibrate(parts["calibration"], logits["calibration"])
    model.scale.copy_(torch.tensor(scale))
    model.shift.copy_(torch.tensor(shift))
    torch.save({"model": model.state_dict()}, folder / "model.pt")
    np.savez(folder / "test.npz", ids=[r["id"] for r in parts["test"]], logits=logits["test"], bare=bare)
    result = {"recipe": recipe.name, "trained_on": len(use), "seconds": round(time.time() - began), "calibration": summary}
    if not everything:
        result["test"] = metrics(parts["test"], apply(logits["test"], scale, shift))
        result["test_without_context"] = metrics(parts["test"], apply(bare, scale, shift))
    (folder / "result.json").write_text(json.dumps(result, indent=1))
    print(json.dumps({k: v for k, v in result.items() if k != "calibration"}, indent=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", choices=sorted(RECIPES))
    parser.add_argument("--labels", type=Path, required=True, help="folder with dev.jsonl and synthetic.jsonl")
    parser.add_argument("--corpora", help="folder of the corpora (or PERSONA_PRIOR_CORPORA)")
    parser.add_argument("--everything", action="store_true", help="train on the test part too; no metrics")
    parser.add_argument("--start", type=Path, help="weights to go on from")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if "RANK" in os.environ:
        distributed.init_process_group("gloo")
    needs = (OWN / "real.jsonl").exists()
    fit(given.recipe, given.labels, corpora_folder(given.corpora) if needs else None, given.everything, given.start)
    if distributed.is_initialized():
        distributed.destroy_process_group()


if __name__ == "__main__":
    main()
