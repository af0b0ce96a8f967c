"""Fine-tunes one encoder under one recipe and keeps a checkpoint per epoch. Data comes in as rows, metrics are made elsewhere."""

from __future__ import annotations

import json
import random
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.distributed as distributed
import torch.nn.functional as functional

from training.heads import SLICE
from training.inputs import Encoder, Gazetteer, context_of
from training.labels import CONFIDENCE_WEIGHT, targets
from training.model import LOWER, PersonaEncoder


@dataclass(frozen=True)
class Recipe:
    """Everything that changes what is learnt."""

    name: str
    layers: int = 6
    epochs: int = 3
    batch: int = 16
    rate: float = 8e-5
    head_rate: float = 1e-3
    layer_decay: float = 0.9
    frozen: bool = False
    marks: bool = True
    context: bool = True
    context_dropout: float = 0.4
    synthetic: bool = True
    smoothing: float = 0.05
    rare_power: float = 0.4
    # which passages: rounds up to this one (None: all), batches of the last round up to this one, share of those without a character
    rounds: int | None = None
    batches: int | None = None
    negative_share: float = 1.0
    share: float = 1.0  # of works, for the learning curve
    # passages without a character that were told with at least 80% in the epoch before are taken with this probability (1: all)
    easy_share: float = 1.0
    decay: bool = True  # the rate falls to nothing at the end, or stays
    token_dropout: float = 0.0  # share of tokens that the trained layers do not see
    average: float = 0.0  # per step, what is kept of the running mean of weights that the run ends with (0: the last weights)
    seed: int = 20


class Inputs:
    """Rows to token ids and types, and to the output of the layers that are never trained. Both are computed once."""

    def __init__(self, encoder: Encoder, gazetteer: Gazetteer) -> None:
        self.encoder, self.gazetteer = encoder, gazetteer
        self.kept: dict[tuple, tuple[list[int], list[int]]] = {}
        self.lower: dict[tuple, torch.Tensor] = {}

    def tokens(self, row: dict, context: bool, marks: bool = True) -> tuple[list[int], list[int]]:
        key = (row["id"], context, marks)
        if key not in self.kept:
            names = self.gazetteer.names(row["title"], row["text"], row.get("names") or ()) if context else []
            ids, types = self.encoder.encode(row["text"], context_of(row["title"], names) if context else None, names)
            self.kept[key] = (ids, types if marks else [0] * len(ids))
        return self.kept[key]

    def batch(self, model: PersonaEncoder, rows: list[dict], contexts: list[bool], marks: bool):
        """Hidden states above the frozen layers, ids, mask and types of some rows."""
        items = [self.tokens(row, context, marks) for row, context in zip(rows, contexts, strict=True)]
        ids, mask, types = pad(items)
        keys = [(row["id"], context) for row, context in zip(rows, contexts, strict=True)]
        missing = [i for i, key in enumerate(keys) if key not in self.lower]
        if missing:
            with torch.no_grad():
                hidden = model.lower(ids[missing], mask[missing])
            for i, one in zip(missing, hidden, strict=True):
                self.lower[keys[i]] = one[: len(items[i][0])].to(torch.float16)
        out = torch.zeros(*ids.shape, hidden_size(model))
        for i, key in enumerate(keys):
            out[i, : len(items[i][0])] = self.lower[key].float()
        return out, ids, mask, types


def hidden_size(model: PersonaEncoder) -> int:
    return model.mark.shape[0]


def pad(items: list[tuple[list[int], list[int]]]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Input ids, attention mask and token types of one batch."""
    width = max(len(ids) for ids, _ in items)
    ids, mask, types = (torch.zeros(len(items), width, dtype=torch.long) for _ in range(3))
    for i, (a, b) in enumerate(items):
        ids[i, : len(a)], types[i, : len(b)], mask[i, : len(a)] = torch.tensor(a), torch.tensor(b), 1
    return ids, mask, types


def train(recipe: Recipe, rows: list[dict], inputs: Inputs, folder: Path, log=print, start: Path | None = None) -> PersonaEncoder:
    """Trains on `rows`, from the weights in `start` if given; goes on from the last finished epoch where `folder` has one."""
    rank, size = ranks()
    torch.manual_seed(recipe.seed)
    draw = random.Random(recipe.seed)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.json").write_text(json.dumps(asdict(recipe), indent=1))
    model = PersonaEncoder(layers=recipe.layers)
    if start is not None:
        model.load_state_dict(torch.load(start, weights_only=False)["model"])
    y = torch.tensor(np.stack([targets(row) for row in rows]))
    row_weight = torch.tensor([CONFIDENCE_WEIGHT.get(row.get("confidence", 2), 0.85) for row in rows])
    class_weight = _class_weights(y, recipe.rare_power)
    optimizer = torch.optim.AdamW(_groups(model, recipe), weight_decay=0.01)
    for group in optimizer.param_groups:
        group["peak"] = group["lr"]
    mean = {k: v.detach().clone() for k, v in model.state_dict().items()} if recipe.average > 0 else None
    told = torch.zeros(len(rows))  # what the last look at a passage gave its true persona class
    begin = 0
    for epoch in reversed(range(recipe.epochs)):
        saved = folder / f"epoch-{epoch}.pt"
        if saved.exists():
            state = torch.load(saved, weights_only=False)
            model.load_state_dict(state["model"])
            if epoch + 1 < recipe.epochs:
                optimizer.load_state_dict(state["optimizer"])
                if mean is not None:
                    mean = state["mean"]
                draw.setstate(state["draw"])
                told = torch.tensor([state["told"].get(row["id"], 0.0) for row in rows])
            begin = epoch + 1
            break
    for epoch in range(begin, recipe.epochs):
        torch.manual_seed(recipe.seed + 1000 * epoch + rank)
        model.train()
        started, seen, total = time.time(), 0, 0.0
        for layer in model.bert.encoder.layer[:LOWER]:
            layer.eval()
        model.bert.embeddings.eval()
        looks = torch.zeros(len(rows))
        batches = _batches(rows, recipe, draw, inputs, told)
        count = sum(map(len, batches))
        for batch in batches:
            whole = len(batch)
            batch = batch[rank::size] or batch[:1]
            index = torch.tensor([i for i, _ in batch])
            hidden, ids, mask, types = inputs.batch(model, [rows[i] for i, _ in batch], [c for _, c in batch], recipe.marks)
            logits, _ = model.upper(hidden, ids, _thinned(mask, recipe.token_dropout), types)
            loss = loss_of(logits, y[index], row_weight[index], class_weight, recipe.smoothing)
            looks[index] = (logits.detach()[:, SLICE["persona"]].softmax(-1) * y[index][:, SLICE["persona"]]).sum(1)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            _share_gradients(model, size)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            _set_rates(optimizer, recipe, (epoch + seen / count) / recipe.epochs)
            optimizer.step()
            if mean is not None:
                _move(mean, model, recipe.average)
            seen += whole
            total += loss.item() * whole
            if rank == 0 and (seen // recipe.batch) % 50 == 0:
                log(f"{recipe.name} epoch {epoch} {seen}/{count} loss {total / seen:.3f} {seen / (time.time() - started):.1f}/s")
        log(f"{recipe.name} epoch {epoch} done: loss {total / seen:.4f}, {time.time() - started:.0f} s")
        if size > 1:
            distributed.all_reduce(looks)
        told = torch.where(looks > 0, looks, told)
        if rank > 0:
            continue
        last = epoch + 1 == recipe.epochs
        if last and mean is not None:
            model.load_state_dict(mean)
        state = {"model": model.state_dict(), "draw": draw.getstate(), "told": dict(zip([r["id"] for r in rows], told.tolist(), strict=True))}
        if not last:
            state["optimizer"] = optimizer.state_dict()
            state["mean"] = mean
        torch.save(state, folder / "part.pt")
        (folder / "part.pt").replace(folder / f"epoch-{epoch}.pt")
        for old in range(epoch):
            (folder / f"epoch-{old}.pt").unlink(missing_ok=True)
    return model.eval()


def _thinned(mask: torch.Tensor, share: float) -> torch.Tensor:
    """The mask without a random share of its tokens; the first of each passage stays."""
    if share == 0:
        return mask
    kept = (torch.rand(mask.shape) >= share).to(mask.dtype)
    kept[:, 0] = 1
    return mask * kept


def _move(mean: dict[str, torch.Tensor], model: PersonaEncoder, keep: float) -> None:
    """One step of the exponential moving average of all weights."""
    with torch.no_grad():
        for key, value in model.state_dict().items():
            if value.is_floating_point():
                mean[key].lerp_(value, 1 - keep)


def _set_rates(optimizer: torch.optim.Optimizer, recipe: Recipe, done: float) -> None:
    """Learning rates after a share `done` of the run: up over the first tenth (or 3%), then down to 2% of the peak (or level)."""
    if recipe.decay:
        share = min((done + 1e-3) / 0.1, max(0.02, (1 - done) / 0.9))
    else:
        share = min((done + 1e-3) / 0.03, 1.0)
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * share


def ranks() -> tuple[int, int]:
    """This process's number and how many share the work: one thread each, gradients averaged (see README.md)."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def loss_of(logits, y, row_weight, class_weight, smoothing: float) -> torch.Tensor:
    """Sum over heads; valence, conduct, situation and reasons only where persona = character."""
    is_character = y[:, 2]
    total = _softmax_loss(logits, y, "persona", row_weight, class_weight, smoothing)
    total = total + 0.3 * _softmax_loss(logits, y, "framing", row_weight, class_weight, smoothing)
    inner = row_weight * is_character
    total = total + 1.0 * _softmax_loss(logits, y, "valence", inner, class_weight, smoothing)
    for name, share in (("conduct", 4.0), ("situation", 3.0), ("reasons", 0.5)):
        part = SLICE[name]
        truth = y[:, part]
        soft = truth * (1 - smoothing) + smoothing * 0.1
        each = functional.binary_cross_entropy_with_logits(logits[:, part], soft, reduction="none", pos_weight=class_weight[part])
        total = total + share * (each.mean(1) * inner).sum() / inner.sum().clamp(min=1.0)
    return total


def predict(model: PersonaEncoder, rows: list[dict], inputs: Inputs, context: bool = True, marks: bool = True, batch: int = 32):
    """Uncalibrated logits [rows, 36] as a NumPy array."""
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]["text"]))
    out = np.zeros((len(rows), SLICE["reasons"].stop), dtype="float32")
    model.eval()
    with torch.inference_mode():
        for at in range(0, len(order), batch):
            part = order[at : at + batch]
            logits, _ = model.upper(*inputs.batch(model, [rows[i] for i in part], [context] * len(part), marks))
            out[part] = logits.numpy()
    return out


def _share_gradients(model: PersonaEncoder, size: int) -> None:
    if size == 1:
        return
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    flat = torch.cat([g.reshape(-1) for g in gradients])
    distributed.all_reduce(flat)
    flat /= size
    at = 0
    for g in gradients:
        g.copy_(flat[at : at + g.numel()].view_as(g))
        at += g.numel()


def _softmax_loss(logits, y, name, row_weight, class_weight, smoothing):
    part = SLICE[name]
    classes = part.stop - part.start
    truth = y[:, part]
    soft = truth * (1 - smoothing) + truth.sum(1, keepdim=True) * smoothing / classes
    each = -(soft * class_weight[part] * logits[:, part].log_softmax(-1)).sum(1)
    return (each * row_weight).sum() / row_weight.sum().clamp(min=1.0)


def _class_weights(y: torch.Tensor, power: float) -> torch.Tensor:
    """Rare classes weigh more: (mean frequency / frequency)^power; for sigmoids a positive weight of (negatives / positives)^power."""
    weight = torch.ones(y.shape[1])
    characters = y[y[:, 2] == 1]
    for name in ("persona", "framing", "valence"):
        share = (characters if name == "valence" else y)[:, SLICE[name]].mean(0).clamp(min=1e-3)
        weight[SLICE[name]] = (1 / (len(share) * share)) ** (power if name == "valence" else power / 2)
    for name in ("conduct", "situation", "reasons"):
        share = characters[:, SLICE[name]].mean(0).clamp(min=2e-3, max=0.5)
        weight[SLICE[name]] = ((1 - share) / share) ** power
    return weight


def _groups(model: PersonaEncoder, recipe: Recipe) -> list[dict]:
    for parameter in model.bert.parameters():
        parameter.requires_grad_(False)
    groups = []
    if not recipe.frozen:
        depth = len(model.bert.encoder.layer)
        for i in range(LOWER, depth):
            parameters = list(model.bert.encoder.layer[i].parameters())
            for parameter in parameters:
                parameter.requires_grad_(True)
            groups.append({"params": parameters, "lr": recipe.rate * recipe.layer_decay ** (depth - 1 - i)})
        groups.append({"params": [model.mark], "lr": recipe.head_rate})
    groups.append({"params": [*model.query.parameters(), *model.heads.parameters(), model.marked], "lr": recipe.head_rate})
    return groups


def _batches(rows, recipe: Recipe, draw: random.Random, inputs: Inputs, told: torch.Tensor):
    kept = [
        i
        for i, row in enumerate(rows)
        if recipe.easy_share == 1 or row["persona"] == "character" or told[i] < 0.8 or draw.random() < recipe.easy_share
    ]
    items = [(i, recipe.context and draw.random() >= recipe.context_dropout) for i in kept]
    draw.shuffle(items)
    batches = []
    chunk = recipe.batch * 30
    for at in range(0, len(items), chunk):
        part = sorted(items[at : at + chunk], key=lambda item: len(inputs.tokens(rows[item[0]], item[1])[0]))
        batches += [part[j : j + recipe.batch] for j in range(0, len(part), recipe.batch)]
    draw.shuffle(batches)
    return batches
