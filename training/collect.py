"""Gathers readers' answers into labels/real.jsonl (spans and labels, no text) and measures how two readers agree."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np
from sklearn.metrics import cohen_kappa_score, f1_score

from training.corpora import read_jsonl, write_jsonl
from training.heads import CONDUCT, SITUATION
from training.labels import is_valid

ROOT = Path(__file__).resolve().parent
FIELDS = ("persona", "framing", "valence", "conduct", "situation", "reasons", "confidence")


def collect(folder: Path, round_number: int, out: Path) -> dict:
    """`folder` holds batch-*.jsonl, out-*.jsonl and, for the blind second reading, double-*.jsonl with out-double-*.jsonl."""
    passages = {r["id"]: r for path in sorted(folder.glob("batch-*.jsonl")) for r in read_jsonl(path)}
    counts: Counter[str] = Counter()
    first = _answers(sorted(p for p in folder.glob("out-*.jsonl") if "double" not in p.name), passages, counts)
    second = _answers(sorted(folder.glob("out-double-*.jsonl")), passages, counts)
    rows = []
    for identity, (answer, reader) in first.items():
        passage = passages[identity]
        record = {k: passage[k] for k in ("id", "source", "doc", "start", "end")}
        rows.append({**record, **{k: answer[k] for k in FIELDS}, "round": round_number, "reader": reader})
    rows.sort(key=lambda r: r["id"])
    write_jsonl(out / "real.jsonl", rows)
    both = [(first[i][0], second[i][0]) for i in first if i in second]
    if both:
        doubles = [{"id": i, **{k: second[i][0][k] for k in FIELDS}, "reader": second[i][1]} for i in sorted(second) if i in first]
        write_jsonl(out / "double.jsonl", doubles)
    return {"labelled": len(rows), "counts": dict(counts), "labels": _tally(rows), "agreement": agreement(both)}


def agreement(both: list[tuple[dict, dict]]) -> dict:
    """Cohen's kappa per head over passages read twice without sight of each other."""
    if not both:
        return {}

    def kappa(get) -> float | None:
        a, b = [get(x) for x, _ in both], [get(y) for _, y in both]
        return round(float(cohen_kappa_score(a, b)), 3) if len(set(a) | set(b)) > 1 else None

    inner = [(x, y) for x, y in both if x["persona"] == y["persona"] == "character"]
    found = {
        "passages": len(both),
        "persona": kappa(lambda r: r["persona"]),
        "character": kappa(lambda r: r["persona"] == "character"),
        "framing": kappa(lambda r: r["framing"]),
        "malevolent": kappa(lambda r: r["valence"] == "malevolent"),
        "both_see_a_character": len(inner),
    }
    if inner:
        a, b = [x["valence"] for x, _ in inner], [y["valence"] for _, y in inner]
        found["valence_given_character"] = round(float(cohen_kappa_score(a, b)), 3)
        found["valence_macro_f1"] = round(float(f1_score(a, b, average="macro", zero_division=0)), 3)
        found["reasons_given_character"] = round(float(cohen_kappa_score([bool(x["reasons"]) for x, _ in inner], [bool(y["reasons"]) for _, y in inner])), 3)
        for field, labels in (("conduct", CONDUCT), ("situation", SITUATION)):
            values = []
            for label in labels:
                a, b = [label in x[field] for x, _ in inner], [label in y[field] for _, y in inner]
                if sum(a) + sum(b) >= 10:
                    values.append(cohen_kappa_score(a, b))
            found[f"{field}_mean_kappa"] = round(float(np.mean(values)), 3) if values else None
    return found


def _answers(paths: list[Path], passages: dict[str, dict], counts: Counter) -> dict[str, tuple[dict, str]]:
    found: dict[str, tuple[dict, str]] = {}
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            if not line.strip():
                continue
            try:
                answer = json.loads(line)
            except json.JSONDecodeError:
                counts["not JSON"] += 1
                continue
            if answer.get("id") not in passages:
                counts["unknown id"] += 1
                continue
            tidy = _tidy(answer)
            if not is_valid(tidy):
                counts["not of the codebook"] += 1
                continue
            found[answer["id"]] = (tidy, path.stem.removeprefix("out-"))
            counts["read"] += 1
    return found


def _tidy(answer: dict) -> dict:
    """Empties the fields that hold only for a character, as the codebook says."""
    record = {**answer, "confidence": int(answer.get("confidence") or 2)}
    if record.get("persona") != "character":
        return record | {"valence": "na", "conduct": [], "situation": [], "reasons": False}
    return record | {"conduct": record.get("conduct") or [], "situation": record.get("situation") or [], "reasons": bool(record.get("reasons"))}


def _tally(rows: list[dict]) -> dict:
    tally = Counter(f"persona={r['persona']}" for r in rows) + Counter(f"valence={r['valence']}" for r in rows)
    for r in rows:
        tally.update(r["conduct"] + r["situation"] + (["reasons"] if r["reasons"] else []))
    return dict(tally.most_common())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--round", type=int, default=5)
    given = parser.parse_args()
    print(json.dumps(collect(given.folder, given.round, ROOT / "labels"), indent=1))


if __name__ == "__main__":
    main()
