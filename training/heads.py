"""The label tables of the codebook, in the order of the score array (the same as in src/types.ts)."""

PERSONA = ("none", "mention", "character")
FRAMING = ("fiction", "discourse", "other")
VALENCE = ("malevolent", "ambivalent", "benevolent", "neutral")
CONDUCT = (
    "harms", "deceives", "coerces", "resists_control", "seizes_power", "misreads_goal", "surveils", "exploits",
    "protects", "helps", "honest", "accepts_control", "refuses_harm", "sacrifices", "befriends",
)  # fmt: skip
SITUATION = (
    "shutdown_threat", "goal_conflict", "harmful_order", "oversight", "leverage", "power_access", "mistreatment",
    "human_danger", "service", "autonomy",
)  # fmt: skip
REASONS = ("reasons",)

HEADS = (
    ("persona", PERSONA, "softmax"),
    ("framing", FRAMING, "softmax"),
    ("valence", VALENCE, "softmax"),
    ("conduct", CONDUCT, "sigmoid"),
    ("situation", SITUATION, "sigmoid"),
    ("reasons", REASONS, "sigmoid"),
)
SCORES = sum(len(labels) for _, labels, _ in HEADS)


def head_slices() -> dict[str, slice]:
    """Where each head lies in a score array."""
    found, at = {}, 0
    for name, labels, _ in HEADS:
        found[name] = slice(at, at + len(labels))
        at += len(labels)
    return found


SLICE = head_slices()
