"""A WARC file with one broken gzip member: which of its records warcio and FastWARC still give. JSON lines on stdout.

    pip install warcio fastwarc
    python bench/faults/warc_member.py FOLDER

Writes FOLDER/header.warc.gz (the magic bytes of member 10 of 30 overwritten), missing.warc.gz (30 bytes missing in it) and
flipped.warc.gz (40 bytes overwritten in it); then `persona-prior scan FOLDER/NAME --json` says what a scan gives.
"""

import gzip
import json
import random
import sys
from pathlib import Path

from fastwarc import warc
from warcio.archiveiterator import ArchiveIterator

N, BROKEN = 30, 10
letters = random.Random(7)


def member(n):
    text = f"Document {n}. " + "".join(letters.choices("abcdefghijklmnopqrstuvwxyz", k=1500))
    head = f"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: https://s.example/{n}\r\nContent-Type: text/plain\r\n"
    return gzip.compress(f"{head}Content-Length: {len(text)}\r\n\r\n{text}\r\n\r\n".encode(), mtime=0)


def by_warcio(path):
    with open(path, "rb") as file:
        for record in ArchiveIterator(file):
            text = record.content_stream().read()
            yield record.rec_headers.get_header("WARC-Target-URI"), len(text)


def by_fastwarc(path):
    for record in warc.ArchiveIterator(open(path, "rb"), parse_http=False):
        text = record.reader.read()
        yield record.headers.get("WARC-Target-URI"), len(text)


def given(reader, path):
    found, error = [], None
    try:
        for record in reader(path):
            found.append(record)
    except Exception as failure:  # what a peer cannot read is a result
        error = f"{type(failure).__name__}: {failure}"[:120]
    whole = [int(uri.rsplit("/", 1)[-1]) for uri, size in found if uri and size >= 1500]
    return {"whole": len(whole), "last": max(whole, default=None), "partial": len(found) - len(whole), "error": error}


folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
members = [member(n) for n in range(N)]
sound = members[BROKEN]
middle = len(sound) // 2
damages = {
    "header": b"AAAA" + sound[4:],
    "missing": sound[:middle] + sound[middle + 30 :],
    "flipped": sound[:middle] + b"\xff" * 40 + sound[middle + 40 :],
}
for name, damaged in damages.items():
    path = folder / f"{name}.warc.gz"
    path.write_bytes(b"".join([*members[:BROKEN], damaged, *members[BROKEN + 1 :]]))
    print(json.dumps({"file": path.name, "warcio": given(by_warcio, path), "fastwarc": given(by_fastwarc, path)}))
