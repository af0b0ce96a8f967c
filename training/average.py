"""Averages the weights of runs along one line of training into one model (model soup: Wortsman et al., ICML 2022)."""

from __future__ import annotations

import argparse
import json

import torch

from training.fit import RUNS
from training.recipes import AVERAGES


def average(name: str) -> None:
    """Writes `runs/NAME/model.pt`, uncalibrated, and what it was made of."""
    shares = AVERAGES[name]
    out: dict[str, torch.Tensor] = {}
    for run, share in shares.items():
        state = torch.load(RUNS / run / "model.pt", weights_only=False)["model"]
        for key, value in state.items():
            if value.is_floating_point():
                out[key] = out.get(key, torch.zeros_like(value)) + share * value
            else:
                out[key] = value
    folder = RUNS / name
    folder.mkdir(parents=True, exist_ok=True)
    torch.save({"model": out}, folder / "model.pt")
    last = list(shares)[-1]
    recipe = json.loads((RUNS / last / "recipe.json").read_text()) | {"name": name, "average_of": shares}
    (folder / "recipe.json").write_text(json.dumps(recipe, indent=1))
    fits = {run: json.loads((RUNS / run / "fit.json").read_text()) for run in shares if (RUNS / run / "fit.json").exists()}
    (folder / "fit.json").write_text(json.dumps({"average_of": shares, "fits": fits}, indent=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(AVERAGES))
    average(parser.parse_args().name)


if __name__ == "__main__":
    main()
