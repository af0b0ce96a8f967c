"""Reads the corpora folder into documents. Knows file formats, nothing about labels or models."""

from __future__ import annotations

import gzip
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FILES = {
    "gutenberg-scifi": "gutenberg-scifi.jsonl.zst",
    "gutenberg-general": "gutenberg-general.jsonl.gz",
    "wikipedia": "wikipedia.jsonl.zst",
    "wikipedia-ai": "wikipedia-ai.jsonl.zst",
    "wikipedia-plots": "wikipedia-plots.parquet",
    "film-reviews": "film-reviews.jsonl.gz",
    "short-descriptions": "short-descriptions.jsonl",
    "alignment-blog": "alignment-blog.jsonl.gz",
}


@dataclass(frozen=True)
class Document:
    """One record of a corpus; `source` is the corpus it came from."""

    source: str
    id: str
    title: str
    text: str


def corpora_folder(given: str | None = None) -> Path:
    """The corpora folder, from an argument or the environment variable PERSONA_PRIOR_CORPORA."""
    folder = given or os.environ.get("PERSONA_PRIOR_CORPORA")
    if not folder:
        raise SystemExit("no corpora: give --corpora DIR or set PERSONA_PRIOR_CORPORA")
    path = Path(folder)
    if not path.is_dir():
        raise SystemExit(f"no corpora: {path} is not a folder")
    return path


def documents(folder: Path, source: str) -> Iterator[Document]:
    """Every document of one corpus, in file order."""
    for record in _records(folder / FILES[source]):
        text = record.get("text")
        if isinstance(text, str) and text:
            yield Document(source, str(record["id"]), record.get("title") or "", text)


def read_jsonl(path: Path) -> list[dict]:
    """All records of a JSONL file."""
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def write_jsonl(path: Path, records: list[dict]) -> None:
    """Writes records as JSONL, whole or not at all."""
    temporary = path.with_name(path.name + ".part")
    with open(temporary, "w", encoding="utf-8") as out:
        for record in records:
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
    temporary.replace(path)


def _records(path: Path) -> Iterator[dict]:
    if path.suffix == ".parquet":
        import pyarrow.parquet as parquet

        for batch in parquet.ParquetFile(path).iter_batches():
            yield from batch.to_pylist()
        return
    for line in _lines(path):
        if line.strip():
            yield json.loads(line)


def _lines(path: Path) -> Iterator[str]:
    if path.suffix == ".zst":
        import zstandard

        with open(path, "rb") as raw:
            yield from io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(raw), encoding="utf-8")
    elif path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from lines
    else:
        with open(path, encoding="utf-8") as lines:
            yield from lines
