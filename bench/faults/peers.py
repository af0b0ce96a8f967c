"""What datatrove and Dolma make of faulty files: one JSON object on stdout, {tool: {file: words}, versions: {tool: version}}.

    python bench/faults/peers.py FOLDER

Each tool is used as its users do: datatrove by its readers in a local executor, Dolma by a tagger over `documents/`.
A tool that is not installed is left out.
"""

import contextlib
import gzip
import importlib.metadata
import io
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile

FOLDER = sys.argv[1]
NAMES = sorted(json.load(open(os.path.join(FOLDER, ".expected.json"))))


def version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def short(error):
    text = f"{type(error).__name__}: {error}".replace(FOLDER, "").split("\n")[0]
    return text[:110]


def by_datatrove(name):
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.base import PipelineStep
    from datatrove.pipeline.readers import CSVReader, JsonlReader, ParquetReader

    seen = []

    class Count(PipelineStep):
        name = "count"
        type = "count"

        def run(self, data, rank=0, world_size=1):
            for document in data:
                seen.append(document.id)
                yield document

    reader = CSVReader if name.endswith(".csv") else ParquetReader if name.endswith(".parquet") else JsonlReader
    logs = tempfile.mkdtemp()
    failed = ""
    try:
        executor = LocalPipelineExecutor(
            [reader(FOLDER, glob_pattern=name), Count()], tasks=1, workers=1, logging_dir=logs, skip_completed=False
        )
        executor.run()
    except BaseException as error:  # noqa: BLE001 - whatever it does is the result
        failed = f"; fails: {short(error)}"
    done = os.path.exists(os.path.join(logs, "completions", "00000"))
    return f"{len(seen)} documents{failed}; {'marked complete' if done else 'not marked complete'}"


def by_dolma(name):
    base = name.removesuffix(".gz").removesuffix(".zst")
    if not base.endswith(".jsonl"):
        return "not a format of its taggers"
    work = tempfile.mkdtemp()
    documents = os.path.join(work, "documents")
    os.makedirs(documents)
    target = os.path.join(documents, name)
    if name.endswith((".gz", ".zst")):
        shutil.copy(os.path.join(FOLDER, name), target)
    else:
        # its taggers read compressed files: the same bytes, in gzip
        target += ".gz"
        with open(os.path.join(FOLDER, name), "rb") as source, gzip.open(target, "wb") as sink:
            sink.write(source.read())
    dolma = os.path.join(os.path.dirname(sys.executable), "dolma")
    ran = subprocess.run(
        [dolma, "tag", "--documents", os.path.join(documents, "*"), "--experiment", "x", "--taggers", "char_length_v1",
         "--processes", "1"],
        capture_output=True, text=True, timeout=300,
    )
    rows = 0
    for root, _, files in os.walk(os.path.join(work, "attributes")):
        for file in files:
            path = os.path.join(root, file)
            with contextlib.suppress(Exception):
                opened = gzip.open(path, "rt") if path.endswith(".gz") else zstd_text(path)
                for _ in opened:
                    rows += 1
    lines = [line for line in ran.stderr.strip().split("\n") if "rror" in line]
    failed = "" if ran.returncode == 0 else f"; fails: {(lines or ['?'])[-1].replace(work, '')[:110]}"
    return f"{rows} documents{failed}; exit {ran.returncode}"


def zstd_text(path):
    import zstandard

    return io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(open(path, "rb"), read_across_frames=True))


def main():
    logging.disable(logging.CRITICAL)
    with contextlib.suppress(ImportError):
        from loguru import logger

        logger.remove()
    found = {"versions": {}}
    for tool, run in (("datatrove", by_datatrove), ("dolma", by_dolma)):
        if version(tool) is None:
            continue
        found["versions"][tool] = version(tool)
        found[tool] = {}
        for name in NAMES:
            try:
                with contextlib.redirect_stdout(sys.stderr):
                    found[tool][name] = run(name)
            except Exception as error:  # noqa: BLE001
                found[tool][name] = f"fails: {short(error)}"
    print(json.dumps(found))


if __name__ == "__main__":
    main()
