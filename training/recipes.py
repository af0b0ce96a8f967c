"""The recipes that were compared, and the one that was kept. A recipe's name is its row in RESULTS.md."""

from __future__ import annotations

from dataclasses import replace

from training.train import Recipe

FIRST = Recipe("first", epochs=2)
RECIPES = {r.name: r for r in [FIRST, replace(FIRST, name="frozen-heads", frozen=True, epochs=3)]}
