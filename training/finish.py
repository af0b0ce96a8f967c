"""From a measured run to models/encoder: export with the calibration inside, thresholds, card."""

from __future__ import annotations

import argparse
import datetime
import json
from collections import Counter
from pathlib import Path

import torch

from training.corpora import corpora_folder
from training.export import export_onnx, write_folder
from training.fit import MODELS, OWN, RUNS, make_inputs, some_inputs
from training.heads import HEADS
from training.labels import load_labels, part_of
from training.model import PersonaEncoder

CARD = {
    "name": "persona-prior-encoder",
    "licence": "Apache-2.0 (weights of all-MiniLM-L6-v2, Apache-2.0, fine-tuned)",
    "base": "sentence-transformers/all-MiniLM-L6-v2, 6 layers, word embeddings and first two layers unchanged",
    "intended": "Reading English passages of pretraining corpora for AI personas, to estimate shares over many passages. Not for judging one text or one person.",
    "limits": "English. Labels were made by a language model under the codebook, not by people. Much of the training text is 1930-1965 magazine "
    "fiction, encyclopedia plots and film reviews; other styles are covered by few real or only by written passages.",
}


def finish(run: Path, labels: Path, corpora: Path | None, version: str, floors: dict[str, float]) -> None:
    """Writes models/encoder with the thresholds and metrics that `measure` found."""
    model = PersonaEncoder(pretrained=False)
    model.load_state_dict(torch.load(run / "model.pt", weights_only=False)["model"])
    model.eval()
    rows, _ = load_labels(labels, OWN, corpora)
    _, small = export_onnx(model, run / "onnx", some_inputs(make_inputs(), rows))
    result = json.loads((run / "result.json").read_text())
    recipe = json.loads((run / "recipe.json").read_text())
    trained = [r for r in rows if part_of(r) == "train"]
    split = "fixed: 20% of works held out, real passages only, title and names as context, int8 graph; calibration fitted on other works"
    card = CARD | {
        "version": version,
        "date": str(datetime.date.today()),
        "recipe": recipe,
        "data": {
            "passages": len(trained), "real": sum(not r["synthetic"] for r in trained),
            "sources": dict(Counter(r["source"] for r in trained)), "calibration_passages": sum(part_of(r) == "calibration" for r in rows),
        },
        "metrics": {
            "split": split,
            **result["test"], "by_source": result["by_source"], "int8_minus_fp32": result.get("int8_minus_fp32"),
        },
        "thresholds": {"store": 0.5, "flag": round(result["flag"], 4)},
        "calibration": result["calibration"],
        "experimental": experimental(result["test"], floors),
    }  # fmt: skip
    write_folder(MODELS / "encoder", small, inputs_terms(), card, recipe["layers"])
    print(json.dumps({"thresholds": card["thresholds"], "experimental": card["experimental"]}))


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
    given = parser.parse_args()
    torch.set_num_threads(1)
    corpora = corpora_folder(given.corpora) if (OWN / "real.jsonl").exists() else None
    finish(
        RUNS / given.run, given.labels, corpora, given.version,
        {"conduct": 0.55, "situation": 0.5},
    )  # fmt: skip


if __name__ == "__main__":
    main()
