"""The recipes that were compared, and the one that was kept. A recipe's name is its row in RESULTS.md."""

from __future__ import annotations

from dataclasses import replace

from training.train import Recipe

# Stages of the kept model, each going on from the one before: rounds 1-4; the first 60 batches of round 5 with them; then two epochs
# at a higher rate over everything with a character and a share of the rest: THIRD without the test part, to be measured, LAST with it.
FIRST = Recipe("first", epochs=2, rounds=4)
SECOND = Recipe("second", epochs=1, batches=60)
LAST = Recipe("last", epochs=2, rate=2e-4, head_rate=1.5e-3, negative_share=0.27, seed=21)
THIRD = replace(LAST, name="third")
STAGES = (FIRST, SECOND)

COMPARED = (replace(FIRST, name="frozen-heads", frozen=True, rounds=None, epochs=3),)
RECIPES = {r.name: r for r in (*STAGES, THIRD, LAST, *COMPARED)}
