"""The recipes that were compared, and the one that was kept. A recipe's name is its row in RESULTS.md."""

from __future__ import annotations

from dataclasses import replace

from training.train import Recipe

# Stages of the kept model, each going on from the one before: rounds 1-4; the first 60 batches of round 5 with them; all, and the
# test part with it.
FIRST = Recipe("first", epochs=2, rounds=4)
SECOND = Recipe("second", epochs=1, batches=60)
LAST = Recipe("last", epochs=1, rate=6e-5, head_rate=6e-4, negative_share=0.3)
STAGES = (FIRST, SECOND)

COMPARED = (replace(FIRST, name="frozen-heads", frozen=True, rounds=None, epochs=3),)
RECIPES = {r.name: r for r in (*STAGES, LAST, *COMPARED)}
