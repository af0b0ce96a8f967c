"""Fits scale and shift per head on held-out logits, so that the graph's probabilities can be taken at their word."""

from __future__ import annotations

import numpy as np
import torch

from training.heads import HEADS, SCORES, SLICE
from training.labels import targets
from training.model import probabilities


def calibrate(rows: list[dict], logits: np.ndarray, ridge: float = 0.02) -> tuple[np.ndarray, np.ndarray, dict]:
    """Scale [36] (one value a head), shift [36], and a summary per head.

    A ridge pulls towards no change, the more the fewer the labels.
    """
    x = torch.tensor(logits)
    y = torch.tensor(np.stack([targets(row) for row in rows]))
    scale, shift, summary = torch.ones(SCORES), torch.zeros(SCORES), {}
    for name, labels, kind in HEADS:
        part = SLICE[name]
        use = y[:, 2] == 1 if name in ("valence", "conduct", "situation", "reasons") else torch.ones(len(y), dtype=torch.bool)
        a, b = x[use][:, part], y[use][:, part]
        log_scale, move = torch.zeros(1, requires_grad=True), torch.zeros(len(labels), requires_grad=True)

        def loss(log_scale=log_scale, move=move, a=a, b=b, kind=kind):
            z = a * log_scale.exp() + move
            if kind == "softmax":
                nll = -(b * z.log_softmax(-1)).sum(1).mean()
            else:
                nll = torch.nn.functional.binary_cross_entropy_with_logits(z, b, reduction="none").sum(1).mean()
            pull = ridge * 50 / max(len(a), 50)
            return nll + pull * (move**2).sum() + ridge * log_scale.pow(2).sum()

        optimizer = torch.optim.LBFGS([log_scale, move], max_iter=200, line_search_fn="strong_wolfe")

        def closure(optimizer=optimizer, loss=loss):
            optimizer.zero_grad()
            value = loss()
            value.backward()
            return value

        optimizer.step(closure)
        factor, moved = log_scale.exp().detach(), move.detach()
        scale[part], shift[part] = factor, moved
        summary[name] = {"scale": round(float(factor), 4), "shift": [round(float(v), 4) for v in moved], "passages": int(use.sum())}
    return scale.numpy(), shift.numpy(), summary


def apply(logits: np.ndarray, scale: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Calibrated probabilities [rows, 36]."""
    return probabilities(torch.tensor(logits) * torch.tensor(scale) + torch.tensor(shift)).numpy()
