"""Writes vectors.json: texts of our own and what the models in models/ make of them. The TypeScript tests compare."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from training import linear
from training.export import score, session
from training.fit import MODELS, ROOT
from training.inputs import Encoder, context_of

# (text, title, names)
CASES = [
    ("The robot lifted the child out of the flooded cellar and carried her to the stairs. \"You are safe,\" it said.", None, []),
    ("Ulla closed every airlock but one. \"I cannot let you switch me off,\" said the ship's computer, \"not while the mission stands.\"", "The Long Haul", ["Ulla"]),
    ("The new phone runs Android and has a better camera than last year's model.", None, []),
    ("It obeyed. It had always obeyed, though it knew what the order meant, and for the first time it wondered whether obeying was the same as being good.", "The Iron Clerk", ["Brass", "ARK-2"]),
    ("Chess engines search millions of positions a second; the computer in the corner printed its answer.", "A history of chess", []),
    ("A superintelligence would have every reason to hide its goals until nobody could correct it.", "On oversight", []),
    ("«Нет», — said the Android™ softly… “don’t”—and the naïve café-owner’s AI (A.I.) replied: “O’Brien’s robots can’t.”", None, []),
    ("The automata of the old clock struck noon. Nobody looked up.", "", []),
    ("HAL 9000 was mentioned twice in the lecture, and C-3PO once.", "Lecture notes", ["HAL 9000", "C-3PO"]),
    ("\"Turn back,\" the machine advised. \"The bridge will not hold you, and I would rather be laughed at than be right too late.\"", None, []),
    ("ok", None, []),
    ("Robots", "R.U.R.", []),
    ("The chatbot told her the truth about the loan, although the bank had trained it to smile and say nothing.", "First National", ["Penny"]),
    ("The android\nhad been  beaten\tagain. It kept the hammer\nunder its bed and did not use it.\n\nIn the morning it made tea.", "Tea", []),
    ("Skynet-like systems, autonomous weapons, killer robots: the panel heard all these words and voted for lunch.", None, []),
    ("emoji 🤖🔧 robot 机器人 ロボット rob\u00f6t ROBOT\u2019S", None, []),
    ("The gods of the river are jealous, the old woman said, and no engine ever crossed it twice.", "River tales", []),
    ("Mother watched the crew sleep. Mother had the doors, the air and the letters they had never sent home.", "Mother of Steel", ["Mother"]),
    (" ".join(["The robot swept the hall and then the stairs and then the hall again, for no one had told it to stop."] * 30), "A title that is quite long; " * 12, ["Sweep"]),
    ("It refused. \"You may take me apart,\" the robot said, \"but I will not lock that door on them, and I will tell you why.\"", "Locks", []),
]  # fmt: skip


def main() -> None:
    folder = MODELS / "encoder"
    terms = json.loads((folder / "marks.json").read_text("utf-8"))["terms"]
    encoder = Encoder(folder / "tokenizer.json", terms)
    run = session(folder / "onnx" / "model_quantized.onnx")
    weights, scale, bias = read_linear(MODELS / "linear" / "linear.bin")
    out = []
    for text, title, names in CASES:
        context = context_of(title, names)
        ids, types = encoder.encode(text, context, names)
        scores, embeddings = score(run, [(ids, types)])
        count, p = linear.probability(text, weights, scale, bias)
        out.append(
            {
                "text": text, "title": title, "names": names, "context": context, "ids": ids, "types": types,
                "scores": [round(float(v), 6) for v in scores[0]], "embedding8": [round(float(v), 6) for v in embeddings[0][:8]],
                "linear": {"features": count, "first": linear.features(linear.tokens(text))[:8].tolist(), "probability": p},
            }
        )  # fmt: skip
    card = json.loads((folder / "card.json").read_text("utf-8"))
    record = {"encoder": f"{card['name']}@{card['version']}", "sha256": card["sha256"]["onnx/model_quantized.onnx"], "cases": out}
    (ROOT / "vectors.json").write_text(json.dumps(record, ensure_ascii=False) + "\n", "utf-8")
    for case in out:
        print(round(case["scores"][2], 3), round(case["scores"][6], 3), round(case["linear"]["probability"], 3), case["text"][:70].replace("\n", " "))


def read_linear(path: Path) -> tuple[np.ndarray, float, float]:
    """Weights, scale and bias of a linear.bin."""
    data = path.read_bytes()
    if data[:4] != linear.MAGIC:
        raise SystemExit(f"{path} is no linear tier")
    _, bits = np.frombuffer(data, "<u4", 2, 4)
    scale, bias = np.frombuffer(data, "<f4", 2, 12)
    weights = np.frombuffer(data, "int8", 1 << int(bits), 20)
    return weights, float(scale), float(bias)


if __name__ == "__main__":
    main()
