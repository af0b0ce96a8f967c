"""What context and marks give a finished run: its int8 graph scores the calibration part with and without them. No training."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from training.calibrate import apply
from training.corpora import corpora_folder
from training.export import score, session
from training.fit import OWN, RUNS, make_inputs
from training.labels import load_labels, part_of
from training.measure import logits_of
from training.metrics import metrics


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--corpora")
    given = parser.parse_args()
    run = RUNS / given.run
    rows, _ = load_labels(given.labels, OWN, corpora_folder(given.corpora))
    rows = [r for r in rows if part_of(r) == "calibration"]
    inputs = make_inputs()
    state = torch.load(run / "model.pt", weights_only=False)["model"]
    graph = session(run / "raw" / "model_quantized.onnx")
    found = {}
    for name, context, marks in (("as trained", True, True), ("no context", False, True), ("no marks", True, False)):
        logits = logits_of(score(graph, [inputs.tokens(r, context, marks) for r in rows])[0])
        found[name] = metrics(rows, apply(logits, np.asarray(state["scale"]), np.asarray(state["shift"])))
        print(name, {k: v for k, v in found[name].items() if not isinstance(v, dict)}, flush=True)
    (run / "ablate.json").write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
