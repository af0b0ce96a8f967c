"""A datatrove filter that consumes the list of `persona-prior export --format ids`.

    persona-prior scan corpus/ --db corpus.db
    persona-prior export --db corpus.db --format ids --out lists
    python - <<'PY'
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter
    from datatrove_filter import PersonaPriorFilter

    LocalPipelineExecutor(
        pipeline=[
            JsonlReader("corpus"),
            PersonaPriorFilter("lists/ids.jsonl", mode="cut"),
            JsonlWriter("filtered"),
        ]
    ).run()
    PY

This file stands alone: copy it beside your pipeline. It needs datatrove and nothing else (tested with 0.3.0).

A document is found by its id, as the reader gives it: the corpus must have ids, and `id_key` of the reader must name the
field that the scan used. Documents are recognised by the text of their listed spans too (field `check`). Where a listed
id comes with another text, nothing is removed: the document passes, is counted as `other_text` and logged. So several
documents with one id, or a text that an earlier step has changed, cannot lose the wrong words. Put this filter before
steps that change texts.

The statistics of the run count, besides datatrove's own: `listed` (documents that matched), `other_text`, and
`removed_characters` (mode `cut`). Compare `listed` with `effect.all.documents.removed` in summary.json.
"""

import hashlib
import json
from typing import Dict, List, Optional, Tuple, Union

from datatrove.data import Document
from datatrove.pipeline.filters.base_filter import BaseFilter
from datatrove.utils.logging import logger

MODES = ("drop", "cut", "weigh")
LOGGED = 10


class PersonaPriorFilter(BaseFilter):
    """Removes what `ids.jsonl` lists.

    Args:
        ids: path of ids.jsonl. Every task loads it once; a line takes about a kilobyte of memory.
        mode: `drop` removes the listed documents; `cut` removes the listed spans from their texts, and a document
            of which nothing but white space is left; `weigh` removes nothing and writes `persona_prior_weight`
            (1 - score; 1.0 for what is not listed) into the metadata of every document.
        source: only lines of this source count. Needed where ids repeat across the sources of one database.
        min_score: only lines with at least this score count, to be stricter than the export was.
        exclusion_writer: a datatrove writer that saves the dropped documents.
    """

    name = "persona-prior"

    def __init__(
        self,
        ids: str,
        mode: str = "drop",
        source: Optional[str] = None,
        min_score: float = 0.0,
        exclusion_writer=None,
    ):
        super().__init__(exclusion_writer)
        if mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}, not {mode!r}")
        self.ids = str(ids)
        self.mode = mode
        self.source = source
        self.min_score = min_score
        self._listed: Optional[Dict[str, List[dict]]] = None
        self._logged = 0

    def __getstate__(self):
        # executors copy the filter to their workers: each loads the list itself
        return {**self.__dict__, "_listed": None}

    def filter(self, doc: Document) -> Union[bool, Tuple[bool, str]]:
        """True keeps the document; (False, reason) drops it. Mode `cut` changes `doc.text`."""
        if self._listed is None:
            self._listed = load(self.ids, self.source, self.min_score)
        lines = self._listed.get(str(doc.id))
        line = None if lines is None else self._same_text(doc, lines)
        if self.mode == "weigh":
            doc.metadata["persona_prior_weight"] = 1.0 if line is None else line["weight"]
        if line is None:
            return True
        self.stat_update("listed")
        if self.mode == "drop":
            return False, "persona_prior"
        if self.mode == "cut":
            before = len(doc.text)
            doc.text = cut(doc.text, line["spans"])
            self.stat_update("removed_characters", value=before - len(doc.text))
            if not doc.text.strip():
                return False, "persona_prior_nothing_left"
        return True

    def _same_text(self, doc: Document, lines: List[dict]) -> Optional[dict]:
        for line in lines:
            if check(doc.text, line["spans"]) == line["check"]:
                return line
        self.stat_update("other_text")
        self._logged += 1
        if self._logged <= LOGGED:
            logger.warning(f"document {doc.id!r} is listed, but has another text than was scanned: it is kept as it is")
        return None


def load(path: str, source: Optional[str], min_score: float) -> Dict[str, List[dict]]:
    """The lines of ids.jsonl by document id; several lines where an id repeats."""
    listed: Dict[str, List[dict]] = {}
    with open(path, encoding="utf-8") as lines:
        for text in lines:
            line = json.loads(text)
            if line["score"] >= min_score and (source is None or line["source"] == source):
                listed.setdefault(line["id"], []).append(line)
    return listed


def cut(text: str, spans: List[List[int]]) -> str:
    """The text without its spans, which are ordered and do not overlap. Offsets count code points, as Python does."""
    kept = []
    at = 0
    for start, end in spans:
        kept.append(text[at:start])
        at = end
    kept.append(text[at:])
    return "".join(kept)


def check(text: str, spans: List[List[int]]) -> str:
    """The digest that the export gives: lone surrogates count as U+FFFD, as they did in the scan."""
    digest = hashlib.sha256()
    for start, end in spans:
        passage = text[start:end]
        try:
            data = passage.encode("utf-8")
        except UnicodeEncodeError:
            data = "".join("\ufffd" if 0xD800 <= ord(c) <= 0xDFFF else c for c in passage).encode("utf-8")
        digest.update(data + b"\0")
    return digest.hexdigest()[:16]
