"""One filter of another tool over FOLDER/*.jsonl.gz, as its users run it: prints {"documents", "kept"}.

    python bench/peers/filters.py datatrove-fasttext|datatrove-substring|dolma FOLDER MODEL_OR_TERMS PROCESSES

datatrove's fastText filter needs a model: `python bench/peers/filters.py train FOLDER MODEL` trains a small one (16 dimensions, word
bigrams, 200,000 buckets) that tells documents with an AI word from others. What it says does not matter here, only what it costs.
"""

import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def texts(folder):
    for path in sorted(Path(folder).glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)["text"]


def train(folder, model):
    import fasttext

    with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False, encoding="utf-8") as out:
        for i, text in enumerate(texts(folder)):
            if i == 4000:
                break
            plain = " ".join(text[:4000].split())
            found = any(word in plain.lower() for word in ("robot", "computer", "artificial intelligence", "android"))
            out.write(f"__label__{'ai' if found else 'other'} {plain}\n")
    fasttext.train_supervised(out.name, dim=16, wordNgrams=2, bucket=200_000, epoch=2, thread=2, verbose=0).save_model(model)
    os.unlink(out.name)


class Contains:
    """Whether a document holds one of the terms, in any case."""

    def __init__(self, terms):
        self.terms = terms

    def __call__(self, document):
        text = document.text.lower()
        return any(term in text for term in self.terms)


def datatrove(kind, folder, given, processes):
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.filters import FastTextClassifierFilter, LambdaFilter
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter

    work = tempfile.mkdtemp()
    if kind == "fasttext":
        step = FastTextClassifierFilter(given, keep_labels=[("ai", 0.5)])
    else:
        step = LambdaFilter(Contains([line.strip().lower() for line in open(given, encoding="utf-8") if line.strip()]))
    LocalPipelineExecutor(
        [JsonlReader(folder), step, JsonlWriter(f"{work}/out", compression=None)],
        tasks=processes, workers=processes, logging_dir=f"{work}/logs", skip_completed=False,
    ).run()  # fmt: skip
    kept = sum(1 for path in Path(f"{work}/out").glob("*") for _ in open(path, encoding="utf-8"))
    shutil.rmtree(work)
    return kept


def dolma(folder, tagger, processes):
    work = tempfile.mkdtemp()
    shutil.copytree(folder, f"{work}/documents")
    tool = os.path.join(os.path.dirname(sys.executable), "dolma")
    subprocess.run(
        [tool, "tag", "--documents", f"{work}/documents/*", "--experiment", "x", "--taggers", tagger, "--processes", str(processes)],
        check=True, capture_output=True,
    )  # fmt: skip
    shutil.rmtree(work)
    return None


def main():
    what, folder, given = sys.argv[1:4]
    if what == "train":
        return train(folder, given)
    processes = int(sys.argv[4])
    kept = dolma(folder, given, processes) if what == "dolma" else datatrove(what.split("-")[1], folder, given, processes)
    print(json.dumps({"kept": kept}))


if __name__ == "__main__":
    main()
