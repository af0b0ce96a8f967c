"""From a run folder to models/encoder: export, int8 against fp32 on the test part, thresholds, card."""

from __future__ import annotations

import argparse
import datetime
import json
from collections import Counter
from pathlib import Path

import numpy as np
import torch

from training.calibrate import apply
from training.corpora import corpora_folder
from training.export import export_onnx, score, session, write_folder
from training.fit import MODELS, OWN, RUNS, make_inputs
from training.heads import HEADS
from training.labels import load_labels, part_of
from training.metrics import best_f1, metrics
from training.model import PersonaEncoder

CARD = {
    "name": "persona-prior-encoder",
    "licence": "Apache-2.0 (weights of all-MiniLM-L6-v2, Apache-2.0, fine-tuned)",
    "base": "sentence-transformers/all-MiniLM-L6-v2, 6 layers, word embeddings and first two layers unchanged",
    "intended": "Reading English passages of pretraining corpora for AI personas, to estimate shares over many passages. Not for judging one text or one person.",
    "limits": "English. Labels were made by a language model under the codebook, not by people. Much of the training text is 1930-1965 magazine "
    "fiction, encyclopedia plots and film reviews; other styles are covered by few real or only by written passages.",
}


def finish(run: Path, labels: Path, corpora: Path | None, version: str, measured: Path | None, floors: dict[str, float]) -> None:
    """`measured`: the run of the same recipe without the test part, whose metrics and thresholds the card quotes when `run` saw it."""
    model = PersonaEncoder(pretrained=False)
    model.load_state_dict(torch.load(run / "model.pt", weights_only=False)["model"])
    model.eval()
    rows, _ = load_labels(labels, OWN, corpora)
    test = [r for r in rows if part_of(r) == "test"]
    inputs = make_inputs()
    _, small = export_onnx(model, run / "onnx")
    result = json.loads((run / "result.json").read_text())
    if measured is None:
        found = against_fp32(model, run, test, [inputs.tokens(r, True) for r in test], small)
        found["test"] = result["test"]
        (run / "int8.json").write_text(json.dumps(found, indent=1))
    else:
        found = json.loads((measured / "int8.json").read_text())
    recipe = json.loads((run / "recipe.json").read_text())
    trained = [r for r in rows if part_of(r) == "train" or measured is not None]
    quoted = found["test"]
    card = CARD | {
        "version": version,
        "date": str(datetime.date.today()),
        "recipe": recipe,
        "data": {
            "passages": len(trained), "real": sum(not r["synthetic"] for r in trained),
            "sources": dict(Counter(r["source"] for r in trained)),
        },
        "metrics": {
            "split": "fixed: 20% of works held out, real passages only, title and names as context; calibration fitted on the other half of them"
            + ("; measured before the last stage, which trained on them too" if measured is not None else ""),
            **quoted,
            "int8_minus_fp32": found["difference"],
        },
        "thresholds": {"store": 0.5, "flag": round(found["flag"], 4)},
        "calibration": result["calibration"],
        "experimental": experimental(quoted, floors),
    }  # fmt: skip
    write_folder(MODELS / "encoder", small, inputs_terms(), card, recipe["layers"])
    print(json.dumps({"thresholds": card["thresholds"], "difference": found["difference"], "largest": found.get("largest_difference")}, indent=1))


def against_fp32(model: PersonaEncoder, run: Path, test: list[dict], items: list, small: Path) -> dict:
    """Metrics of the int8 graph minus those of the weights it came from, both with the final calibration; thresholds."""
    held = np.load(run / "held.npz")
    row_of = {str(i): k for k, i in enumerate(held["ids"])}
    full = apply(held["logits"][[row_of[r["id"]] for r in test]], model.scale.numpy(), model.shift.numpy())
    ours, _ = score(session(small), items)
    fp32, int8 = metrics(test, full), metrics(test, ours)
    characters = np.array([r["persona"] == "character" for r in test])
    return {
        "difference": {k: round(int8[k] - v, 4) for k, v in fp32.items() if isinstance(v, float)},
        "largest_difference": round(float(np.abs(ours - full).max()), 4),
        "flag": best_f1(np.array([r["valence"] == "malevolent" for r in test]), ours[:, 2] * ours[:, 6])[1],
        "store_recall": float((ours[characters, 2] >= 0.5).mean()),
    }


def experimental(quoted: dict, floors: dict[str, float]) -> list[str]:
    """Labels of conduct and situation whose held-out average precision is under the floor, or that had too few positives to tell."""
    out = []
    for name, labels, _ in HEADS:
        if name in ("conduct", "situation"):
            out += [label for label in labels if quoted[f"{name}_ap"].get(label, 0.0) < floors[name]]
    return out


def inputs_terms() -> list[str]:
    return json.loads((RUNS / "marks.json").read_text("utf-8"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", help="name of a folder in training/runs")
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--corpora")
    parser.add_argument("--version", required=True)
    parser.add_argument("--measured", help="name of the run that the card's metrics come from")
    given = parser.parse_args()
    torch.set_num_threads(1)
    corpora = corpora_folder(given.corpora) if (OWN / "real.jsonl").exists() else None
    finish(
        RUNS / given.run, given.labels, corpora, given.version, RUNS / given.measured if given.measured else None,
        {"conduct": 0.55, "situation": 0.5},
    )  # fmt: skip


if __name__ == "__main__":
    main()
