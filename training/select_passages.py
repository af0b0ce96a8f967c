"""Chooses passages to be labelled next: unsure, rare, quiet, look-alike and random ones. Reads embeddings, writes no labels."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

RARE = [
    "refuses_harm", "sacrifices", "exploits", "honest", "accepts_control", "coerces", "misreads_goal", "befriends", "deceives",
    "leverage", "harmful_order", "human_danger", "mistreatment", "goal_conflict",
]
DOCUMENT_CAP = {"gutenberg-scifi": 22, "film-reviews": 3, "wikipedia-ai": 12, "alignment-blog": 10, "wikipedia-plots": 8}
# Passages without an AI term, the quiet ones apart: most show no AI at all.
WITHOUT_TERM = 950
SOURCE_CAP = {"gutenberg-scifi": 1400, "wikipedia-ai": 950, "alignment-blog": 420, "wikipedia": 220, "gutenberg-general": 40}


def choose(labelled: list[dict], labelled_vectors: np.ndarray, pool: list[dict], vectors: np.ndarray, count: int, seed: int = 7) -> list[dict]:
    """`count` passages of the pool, each with `why`, spread over documents and sources."""
    draw = random.Random(seed)
    scores = _scores(labelled, labelled_vectors, pool, vectors)
    character = (scores["character"][0] + scores["character"][1]) / 2
    disagreement = np.abs(scores["character"][0] - scores["character"][1])
    terms = np.array([record["terms"] for record in pool])
    hot = Counter()
    for record, p in zip(pool, character, strict=True):
        if p > 0.5:
            hot[record["doc"]] += 1
    noise = np.array([draw.random() for _ in pool])

    quota: list[tuple[str, int, np.ndarray]] = []
    for label in RARE:
        rank = np.mean(scores[label], axis=0)
        positives = labelled_vectors[[label in r["conduct"] + r["situation"] for r in labelled]]
        similar = np.sort(vectors @ positives.T, axis=1)[:, -2:].mean(axis=1)
        quota += [(label, 45, rank), (label + "-near", 30, similar + 0.3 * character)]
    for side in ("malevolent", "benevolent", "ambivalent"):
        rank = np.mean(scores[side], axis=0)
        quota += [(side, 170, rank), (side + "-range", 200, -np.abs(np.log(rank + 1e-3) - np.log(noise * 0.5 + 0.02)))]
    quota += [
        ("random", int(count * 0.1), noise),
        ("quiet", 350, np.where(terms == 0, character * np.minimum(1, np.array([hot[r["doc"]] for r in pool]) / 2), -1)),
        ("look-alike", 300, np.where(terms > 0, -np.abs(character - 0.12), -9)),
        ("disagree", 250, disagreement),
        ("unsure", count, -np.abs(character - 0.5)),
    ]
    taken: dict[str, dict] = {}
    documents, sources = Counter(), Counter()
    without_term = 0
    for why, want, rank in quota:
        got = 0
        for index in np.argsort(-rank, kind="stable"):
            record = pool[index]
            if got >= want or len(taken) >= count:
                break
            if record["id"] in taken:
                continue
            source = record["source"]
            if sources[source] >= SOURCE_CAP.get(source, count) or documents[record["doc"]] >= DOCUMENT_CAP.get(source, 6):
                continue
            if record["terms"] == 0 and why != "quiet" and without_term >= WITHOUT_TERM:
                continue
            without_term += record["terms"] == 0
            taken[record["id"]] = {**record, "why": why, "character": float(character[index])}
            sources[source] += 1
            documents[record["doc"]] += 1
            got += 1
    chosen = list(taken.values())
    draw.shuffle(chosen)
    return chosen


def _scores(labelled, labelled_vectors, pool, vectors) -> dict[str, np.ndarray]:
    tfidf = TfidfVectorizer(ngram_range=(1, 2), min_df=3, sublinear_tf=True, max_features=120_000)
    words = tfidf.fit_transform(r["text"] for r in labelled)
    pool_words = tfidf.transform(r["text"] for r in pool)
    weight = np.array([0.4 + 0.2 * r["confidence"] for r in labelled])

    def fit(truth: np.ndarray) -> np.ndarray:
        answers = []
        for train, test, strength in ((labelled_vectors, vectors, 8.0), (words, pool_words, 8.0)):
            model = LogisticRegression(C=strength, max_iter=300).fit(train, truth, sample_weight=weight)
            answers.append(model.predict_proba(test)[:, 1])
        return np.array(answers)

    out = {"character": fit(np.array([r["persona"] == "character" for r in labelled]))}
    for side in ("malevolent", "benevolent", "ambivalent"):
        out[side] = fit(np.array([r["valence"] == side for r in labelled]))
    for label in RARE:
        out[label] = fit(np.array([label in r["conduct"] + r["situation"] for r in labelled]))
    return out
