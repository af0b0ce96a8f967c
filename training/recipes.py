"""The recipes that were compared, and the one that was kept. A recipe's name is its row in RESULTS.md."""

from __future__ import annotations

from dataclasses import replace

from training.train import Recipe

# Stages of the kept model, each going on from the one before: rounds 1-4; the first 60 batches of round 5 with them; one of two
# epochs over everything with a character and a share of the rest; level at a higher rate over everything; then down to nothing with
# all passages of our own writing.
FIRST = Recipe("first", epochs=2, rounds=4)
SECOND = Recipe("second", epochs=1, batches=60)
THIRD = Recipe("third", epochs=2, rate=2e-4, head_rate=1.5e-3, negative_share=0.27, seed=21)
LEVEL = Recipe("level", epochs=2, rate=3e-4, head_rate=1.5e-3, easy_share=0.4, decay=False, seed=22)
KEPT = Recipe("kept", epochs=4, rate=3e-4, head_rate=1.5e-3, easy_share=0.4, seed=23)
# From the average of the stages above, over everything and the audit labels: a lower level rate, tokens left out, a running mean.
WIDE = Recipe(
    "wide", epochs=2, rate=1.5e-4, head_rate=1e-3, easy_share=0.4, decay=False, token_dropout=0.1, average=0.998, seed=24,
)  # fmt: skip
STAGES = (FIRST, SECOND, THIRD, LEVEL, KEPT)

COMPARED = (replace(FIRST, name="frozen-heads", frozen=True, rounds=None, epochs=3),)
# The kept model: the mean of the weights of four stages. It reads unknown works better than any one of them.
# `wider` is half of it and half of `wide`, which started from it.
AVERAGES = {
    "average": {"second": 0.25, "third": 0.25, "level": 0.25, "kept": 0.25},
    "wider": {"second": 0.125, "third": 0.125, "level": 0.125, "kept": 0.125, "wide": 0.5},
}
RECIPES = {r.name: r for r in (*STAGES, WIDE, *COMPARED)}
