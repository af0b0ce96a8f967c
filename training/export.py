"""Writes an encoder as one ONNX graph, int8, with tokenizer, marks and card, into a folder that is complete or absent."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from training.inputs import WINDOW
from training.model import PersonaEncoder, Scorer, base_folder
from training.smooth import kind_of, smooth

FLOAT_DOWN = (0, 1)  # layers whose second feed-forward product stays in fp32
HEAD = 32  # width of one attention head


def export_onnx(model: PersonaEncoder, folder: Path, items: list[tuple[list[int], list[int]]]) -> tuple[Path, Path]:
    """`model.onnx` (fp32, fused) and `model_quantized.onnx` in `folder`. `items`: inputs that show how large activations become."""
    folder.mkdir(parents=True, exist_ok=True)
    plain, fused, small = folder / "plain.onnx", folder / "model.onnx", folder / "model_quantized.onnx"
    eager = PersonaEncoder(layers=len(model.bert.encoder.layer), attention="eager", pretrained=False)
    eager.load_state_dict(model.state_dict())
    scorer = Scorer(eager).eval()
    ids = torch.randint(1000, 2000, (2, 16))
    ids[:, 0], ids[:, 9], ids[:, 15] = 101, 102, 102
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            scorer, (ids, torch.ones_like(ids), torch.zeros_like(ids)), str(plain),
            input_names=["input_ids", "attention_mask", "token_type_ids"], output_names=["scores", "embedding"],
            dynamic_axes={n: {0: "batch", 1: "tokens"} for n in ("input_ids", "attention_mask", "token_type_ids")}
            | {n: {0: "batch"} for n in ("scores", "embedding")},
            opset_version=17, dynamo=False,
        )  # fmt: skip
    _scale_by_division(plain)
    from onnxruntime.transformers import optimizer

    logging.getLogger("onnxruntime").setLevel(logging.ERROR)
    better = optimizer.optimize_model(str(plain), model_type="bert", num_heads=12, hidden_size=384, opt_level=0)
    better.save_model_to_file(str(fused))
    smooth(fused, plain, items)
    quantize(plain, small)
    plain.unlink()
    return fused, small


def _scale_by_division(path: Path) -> None:
    """Attention scores `x * c` become `x / (1 / c)`: with two products side by side the optimiser does not see the attention."""
    import onnx

    model = onnx.load(str(path))
    divisor = onnx.numpy_helper.from_array(np.array(np.sqrt(HEAD), dtype="float32"), "attention_divisor")
    model.graph.initializer.append(divisor)
    for node in model.graph.node:
        if node.op_type == "Mul" and node.name.endswith("/attention/self/Mul"):
            node.op_type = "Div"
            node.input[1] = "attention_divisor"
    onnx.save(model, str(path))


def quantize(fused: Path, small: Path) -> None:
    """Dynamic int8: weights signed, per channel, in 7 bits (CPUs without VNNI add pairs of products in 16 bits)."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.disable(logging.WARNING)
    quantize_dynamic(
        str(fused), str(small), per_channel=True, reduce_range=True, weight_type=QuantType.QInt8,
        nodes_to_exclude=kept_in_float(fused), extra_options={"DefaultTensorType": 1},
    )  # fmt: skip
    logging.disable(logging.NOTSET)


def kept_in_float(fused: Path) -> list[str]:
    """Heads and pooling: small, last, and where an error would count in full; and FLOAT_DOWN, the worst for their size."""
    import onnx

    graph = onnx.load(str(fused)).graph
    products = [n for n in graph.node if n.op_type in ("MatMul", "Gemm")]
    outer = [n.name for n in products if "/encoder/layer." not in n.name]
    return outer + [n.name for n in products if kind_of(n.op_type, n.name) == "down" and any(f"/layer.{i}/" in n.name for i in FLOAT_DOWN)]


def session(path: Path, threads: int = 1) -> onnxruntime.InferenceSession:
    """A session as the tool runs it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def score(run: onnxruntime.InferenceSession, items: list[tuple[list[int], list[int]]]) -> tuple[np.ndarray, np.ndarray]:
    """Scores and embeddings, one unpadded passage a call."""
    scores, embeddings = [], []
    for ids, types in items:
        feed = {
            "input_ids": np.array([ids], dtype="int64"),
            "attention_mask": np.ones((1, len(ids)), dtype="int64"),
            "token_type_ids": np.array([types], dtype="int64"),
        }
        a, b = run.run(["scores", "embedding"], feed)
        scores.append(a[0])
        embeddings.append(b[0])
    return np.array(scores), np.array(embeddings)


def write_folder(target: Path, small: Path, terms: list[str], card: dict, layers: int) -> None:
    """Makes `target` anew beside the old one and puts it in place."""
    fresh = target.with_name(target.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / "onnx").mkdir(parents=True)
    shutil.copy(small, fresh / "onnx" / "model_quantized.onnx")
    base = base_folder()
    shutil.copy(base / "tokenizer.json", fresh / "tokenizer.json")
    tokenizer = json.loads((fresh / "tokenizer.json").read_text("utf-8"))
    tokenizer["truncation"] = tokenizer["padding"] = None  # the caller cuts, nothing is lost in silence
    (fresh / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False), "utf-8")
    settings = json.loads((base / "tokenizer_config.json").read_text("utf-8"))
    settings |= {"model_max_length": WINDOW, "tokenizer_class": "BertTokenizer"}
    (fresh / "tokenizer_config.json").write_text(json.dumps(settings, indent=1), "utf-8")
    config = json.loads((base / "config.json").read_text("utf-8"))
    config = {k: v for k, v in config.items() if not k.startswith("_")} | {"num_hidden_layers": layers, "architectures": ["BertModel"]}
    (fresh / "config.json").write_text(json.dumps(config, indent=1), "utf-8")
    (fresh / "marks.json").write_text(json.dumps({"terms": terms}, ensure_ascii=False, indent=0) + "\n", "utf-8")
    files = ["config.json", "tokenizer.json", "tokenizer_config.json", "marks.json", "onnx/model_quantized.onnx"]
    card = card | {"sha256": {f: sha256(fresh / f) for f in files}}
    (fresh / "card.json").write_text(json.dumps(card, ensure_ascii=False, indent=2) + "\n", "utf-8")
    replace_folder(fresh, target)


def replace_folder(fresh: Path, target: Path) -> None:
    """Swaps a finished folder in; the old one is gone afterwards."""
    old = target.with_name(target.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
