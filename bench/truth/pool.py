"""Writes the labelled real passages with their text and their part of the fixed split, for score.mjs. Run from the root:
python bench/truth/pool.py --labels DIR [--corpora DIR] [--out FILE]. The file holds corpus text and stays out of the history."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from training.corpora import corpora_folder, write_jsonl  # noqa: E402
from training.labels import load_labels, part_of  # noqa: E402

FIELDS = ("id", "source", "doc", "title", "text", "names", "persona", "framing", "valence", "conduct", "situation", "reasons")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=Path, required=True, help="folder with dev.jsonl")
    parser.add_argument("--corpora", help="folder of the corpora (or PERSONA_PRIOR_CORPORA)")
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "truth" / "cache" / "pool.jsonl")
    given = parser.parse_args()
    rows, left_out = load_labels(given.labels, ROOT / "training" / "labels", corpora_folder(given.corpora))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    real = [r for r in rows if not r["synthetic"]]
    write_jsonl(given.out, [{**{f: r.get(f) for f in FIELDS}, "part": part_of(r)} for r in real])
    print(f"{len(real)} passages in {given.out}; left out: {left_out}")


if __name__ == "__main__":
    main()
