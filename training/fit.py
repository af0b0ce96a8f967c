"""Fits one recipe: labels in, a run folder with weights out. Measuring comes after, in measure.py."""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import torch
import torch.distributed as distributed

from training.corpora import corpora_folder
from training.inputs import Encoder, Gazetteer, marked_terms
from training.labels import load_labels, part_of
from training.model import base_folder
from training.pool import passage_id
from training.recipes import RECIPES
from training.train import Inputs, Recipe, ranks, train

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


def fit(recipe_name: str, labels: Path, corpora: Path | None, start: Path | None) -> None:
    """Trains on the train part, from the weights in `start` if given."""
    recipe = RECIPES[recipe_name]
    folder = RUNS / recipe.name
    rows, left_out = load_labels(labels, OWN, corpora)
    parts = {k: [r for r in rows if part_of(r) == k] for k in ("train", "calibration", "test")}
    use = chosen(recipe, parts["train"])
    rank, _ = ranks()
    if rank == 0:
        print(recipe.name, {k: len(v) for k, v in parts.items()}, "training on", len(use), "left out", left_out, flush=True)
    inputs = make_inputs()
    began = time.time()
    model = train(recipe, use, inputs, folder, log=lambda *a: print(*a, flush=True), start=start)
    if rank == 0:
        torch.save({"model": model.state_dict()}, folder / "model.pt")
        (folder / "fit.json").write_text(json.dumps({"trained_on": len(use), "seconds": round(time.time() - began)}))


def chosen(recipe: Recipe, train_part: list[dict]) -> list[dict]:
    """The rows of the train part that a recipe trains on."""
    use = train_part
    if recipe.rounds is not None:
        use = [r for r in use if r.get("round", 0) <= recipe.rounds and not r.get("later")]
    if recipe.batches is not None:
        use = [r for r in use if r.get("round", 0) < 5 or int(r["reader"]) <= recipe.batches]
    if recipe.negative_share < 1:
        use = [r for r in use if r["persona"] == "character" or hash_share("train:" + r["id"]) < recipe.negative_share]
    if not recipe.synthetic:
        use = [r for r in use if not r["synthetic"]]
    if recipe.share < 1:
        use = [r for r in use if hash_share("share:" + r["work"]) < recipe.share]
    return use


def some_inputs(inputs: Inputs, rows: list[dict], count: int = 128) -> list[tuple[list[int], list[int]]]:
    """Tokens of the `count` passages of the train part that a hash puts first, with context: what the export looks at activations with."""
    use = sorted((r for r in rows if part_of(r) == "train"), key=lambda r: hash_share("export:" + r["id"]))
    return [inputs.tokens(r, True) for r in use[:count]]


def hash_share(text: str) -> float:
    """A number in [0, 1) that depends on the text alone."""
    return int(passage_id(text), 16) / 16**12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", choices=sorted(RECIPES))
    parser.add_argument("--labels", type=Path, required=True, help="folder with dev.jsonl and synthetic.jsonl")
    parser.add_argument("--corpora", help="folder of the corpora (or PERSONA_PRIOR_CORPORA)")
    parser.add_argument("--weights", type=Path, help="weights to go on from")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if "RANK" in os.environ:
        distributed.init_process_group("gloo")
    needs = (OWN / "real.jsonl").exists()
    fit(given.recipe, given.labels, corpora_folder(given.corpora) if needs else None, given.weights)
    if distributed.is_initialized():
        distributed.destroy_process_group()


if __name__ == "__main__":
    main()
