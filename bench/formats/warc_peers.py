"""Records of WARC and ARC files as warcio and FastWARC (resiliparse's reader) count them, as JSON lines on stdout.

    pip install warcio fastwarc
    python bench/formats/warc_peers.py FILE...

Each line: {"file", "warcio": {"records": {type: n}, "error"}, "fastwarc": the same}. An error ends a file; what was
counted before it stands. warcio reads no lz4 and FastWARC no ARC.
"""

import json
import sys
from collections import Counter

from fastwarc import warc
from warcio.archiveiterator import ArchiveIterator

try:
    from fastwarc.stream_io import FileStream
except ImportError:
    FileStream = open


def by_warcio(path):
    with open(path, "rb") as file:
        for record in ArchiveIterator(file):
            yield record.rec_type


def by_fastwarc(path):
    for record in warc.ArchiveIterator(FileStream(path, "rb"), parse_http=False):
        yield str(record.record_type).rsplit(".", 1)[-1]


def count(reader, path):
    records = Counter()
    try:
        for kind in reader(path):
            records[kind] += 1
    except Exception as error:  # what a peer cannot read is a result
        return {"records": records, "error": f"{type(error).__name__}: {error}"[:200]}
    return {"records": records, "error": None}


for name in sys.argv[1:]:
    print(json.dumps({"file": name, "warcio": count(by_warcio, name), "fastwarc": count(by_fastwarc, name)}))
