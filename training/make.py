"""One command from labels to models: fit, export, distil, vectors. Finished steps are not done again (training/runs)."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from training.corpora import corpora_folder
from training.fit import ROOT, RUNS
from training.recipes import STAGES, WIDE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=Path, required=True, help="folder with dev.jsonl and synthetic.jsonl")
    parser.add_argument("--corpora", help="folder of the corpora (or PERSONA_PRIOR_CORPORA)")
    parser.add_argument("--version", default="1.2.0")
    parser.add_argument("--processes", type=int, default=2, help="one thread each")
    parser.add_argument("--pool", type=int, default=16000, help="passages that the linear tier learns from")
    given = parser.parse_args()
    corpora = str(corpora_folder(given.corpora))
    common = ["--labels", str(given.labels), "--corpora", corpora]

    def fit(recipe: str, *more: str) -> None:
        if not (RUNS / recipe / "model.pt").exists():
            step(["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(given.processes), "-m", "training.fit", recipe, *common, *more])

    before: str | None = None
    for recipe in STAGES:
        fit(recipe.name, *(["--weights", str(RUNS / before / "model.pt")] if before else []))
        before = recipe.name
    step(["-m", "training.average", "average"])
    fit(WIDE.name, "--weights", str(RUNS / "average" / "model.pt"))
    step(["-m", "training.average", "wider"])
    step(["-m", "training.measure", "wider", *common, "--fp32"])
    step(["-m", "training.finish", "wider", *common, "--version", given.version])
    step(["-m", "training.distil", "--corpora", corpora, "--labels", str(given.labels), "--count", str(given.pool), "--version", given.version])
    step(["-m", "training.vectors"])


def step(arguments: list[str]) -> None:
    print("python", *arguments, flush=True)
    subprocess.run([sys.executable, *arguments], check=True, cwd=ROOT.parent, env=os.environ | {"OMP_NUM_THREADS": "1"})


if __name__ == "__main__":
    main()
