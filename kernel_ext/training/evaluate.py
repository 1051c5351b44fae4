"""How good a ranking is on repositories it was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from kernel_ext import corpus
from kernel_ext.corpus import Pools
from kernel_ext.ranker.calibrate import expected_error
from kernel_ext.ranker.mix import COLUMN, mix
from kernel_ext.ranker.place import Place, place
from kernel_ext.ranker.ranker import Ranker
from kernel_ext.ranker.stars import stars
from kernel_ext.training import examples
from kernel_ext.training.examples import Event
from kernel_ext.training.metrics import Score, bootstrap, ranks, score

POPULARITY = {
    "attribute": "member_type",
    "name": "name",
    "import": "import_module",
    "module": "module",
}
MARKOV = {
    "attribute": "member_markov",
    "name": "name_before",
    "import": "import_markov",
    "module": "module_markov",
}
RANKERS = ("alphabetical", "popularity", "Markov", "counts + cache", "ranker")


class Judged(NamedTuple):
    """One list with the rank that each ranker gave to the wanted name (0: missing)."""

    repository: str
    document: str
    kind: str
    source: str
    family: str
    letters: int
    first_use: bool
    calibrating: bool
    ranks: tuple[int, ...]
    probability: np.ndarray
    hit: np.ndarray


def events(
    cache: Path,
    pools: Pools,
    per_repository: int,
    keep: Callable[[corpus.Document], bool] = lambda document: True,
) -> Iterator[Event]:
    """Draw validation events, the same ones every time."""
    documents = corpus.documents(cache, split="validation")
    for _, group in examples.by_repository(documents):
        group = [d for d in examples.thinned(group, 150) if keep(d)]
        quotas = examples.quotas(len(group), per_repository, most=80)
        left = per_repository
        for document in group:
            for point in examples.sample(document, quotas, "validation"):
                draw = examples.chance("validation", document.path, point.start)
                one = examples.event(document, point, pools, draw)
                if one is not None and left:
                    left -= 1
                    yield one


def judge(
    ranker: Ranker,
    drawn: Iterable[Event],
    letters: tuple[int, ...] = (0, 1),
    calibrating: Callable[[corpus.Document], bool] = lambda document: False,
) -> list[Judged]:
    """Rank every event with the ranker and with the baselines."""
    found = []
    for one in drawn:
        for typed in letters:
            narrowed = examples.typed(one, typed)
            if narrowed is None or len(narrowed.labels) < 2:
                continue
            ranked, p, hit = _ranked(ranker, narrowed)
            point, document = one.point, one.document
            found.append(
                Judged(
                    document.repository, document.kind, point.kind, one.source,
                    _family(point.receiver_type), typed, one.first_use,
                    calibrating(document), ranked, p, hit,
                )
            )  # fmt: skip
    return found


def _ranked(
    ranker: Ranker, one: Event
) -> tuple[tuple[int, ...], np.ndarray, np.ndarray]:
    where = place(one.point)
    known = ranker.describe(one.point, where, one.labels)
    wanted = one.wanted
    suggestions = ranker.rank_at(one.point, where, one.labels)
    p = np.array([s.probability for s in suggestions[:10]])
    if wanted < 0:
        return (0,) * len(RANKERS), p, np.zeros(len(p))
    label = one.labels[wanted]
    hit = np.array([s.label == label for s in suggestions[:10]], float)
    order = [s.label for s in suggestions]
    return (
        (
            sorted(one.labels).index(label) + 1,
            ranks(_column(known.features, POPULARITY, where), wanted),
            ranks(_column(known.features, MARKOV, where), wanted),
            ranks(mix(known, where.kind), wanted),
            order.index(label) + 1,
        ),
        p,
        hit,
    )


def _column(features: np.ndarray, models: dict[str, str], where: Place) -> np.ndarray:
    return features[:, COLUMN[f"log({models[where.kind]})"]]


FAMILIES = (
    "numpy", "pandas", "matplotlib", "torch", "tensorflow", "keras", "sklearn",
    "jax", "seaborn", "scipy", "plotly",
)  # fmt: skip


def _family(qualified: str | None) -> str:
    if not qualified:
        return "unknown"
    root = qualified.partition(".")[0]
    return root if root in FAMILIES else "own classes" if not root else "other"


def report(judged: list[Judged]) -> dict[str, Any]:
    """Tabulate: slices of the lists, each with the score of every ranker."""
    slices: dict[str, Callable[[Judged], bool]] = {
        "notebooks, attributes, receiver known": lambda j: j.letters == 0
        and j.document == "notebook" and j.kind == "attribute" and j.source == "live",
        "notebooks, attributes, all": lambda j: j.letters == 0
        and j.document == "notebook" and j.kind == "attribute",
        "notebooks, attributes, first use": lambda j: j.letters == 0 and j.first_use
        and j.document == "notebook" and j.kind == "attribute" and j.source == "live",
        "notebooks, attributes, repeat": lambda j: j.letters == 0 and not j.first_use
        and j.document == "notebook" and j.kind == "attribute" and j.source == "live",
        "notebooks, attributes, one letter": lambda j: j.letters == 1
        and j.document == "notebook" and j.kind == "attribute" and j.source == "live",
        "files, attributes, receiver known": lambda j: j.letters == 0
        and j.document == "file" and j.kind == "attribute" and j.source == "live",
        "files, attributes, all": lambda j: j.letters == 0
        and j.document == "file" and j.kind == "attribute",
        "files, attributes, one letter": lambda j: j.letters == 1
        and j.document == "file" and j.kind == "attribute",
    }  # fmt: skip
    for kind in ("name", "keyword", "import", "module"):
        for letters in (0, 1):
            title = f"{kind}s, {('nothing typed', 'one letter')[letters]}"
            slices[title] = _of_kind(kind, letters)
    for family in FAMILIES:
        slices[f"attributes on {family}"] = _on_family(family)
    table = {}
    for title, belongs in slices.items():
        rows = [j for j in judged if belongs(j)]
        if rows:
            table[title] = _slice(rows)
    return {"slices": table, "calibration": calibration(judged)}


def _of_kind(kind: str, letters: int) -> Callable[[Judged], bool]:
    return lambda j: j.kind == kind and j.letters == letters


def _on_family(family: str) -> Callable[[Judged], bool]:
    return lambda j: j.kind == "attribute" and j.letters == 0 and j.family == family


def _slice(rows: list[Judged]) -> dict[str, Any]:
    """Score the lists that hold the wanted name; tell how many do not."""
    listed = [j for j in rows if j.ranks[0]]
    found = np.array([j.ranks for j in listed], int).reshape(-1, len(RANKERS))
    groups = [j.repository for j in listed]
    low, high = bootstrap(found[:, -1], groups, 500)
    return {
        "points": len(rows),
        "repositories": len(set(groups)),
        "missing": 1 - len(listed) / len(rows),
        "scores": {name: score(found[:, i]) for i, name in enumerate(RANKERS)},
        "interval": (low, high),
    }


def calibration(judged: list[Judged]) -> dict[str, Any]:
    """Compare probabilities with hits, leaving out the owners that set the scales."""
    rows = [j for j in judged if not j.calibrating]
    if not rows:
        return {}
    p = np.concatenate([j.probability for j in rows])
    hit = np.concatenate([j.hit for j in rows])
    count = np.array([stars(float(x)) for x in p])
    bands = {
        str(n): (
            float(p[count == n].mean()),
            float(hit[count == n].mean()),
            int((count == n).sum()),
        )
        for n in range(6)
        if (count == n).any()
    }
    top = np.array([j.probability[0] for j in rows])
    top_hit = np.array([j.hit[0] for j in rows])
    return {
        "error of the first item": expected_error(top, top_hit),
        "error of the first ten": expected_error(p, hit),
        "bands": bands,
    }


def text(result: dict[str, Any]) -> str:
    """Write a report as Markdown tables."""
    lines = [
        "| lists | "
        + " | ".join(RANKERS)
        + " | 95 % of ranker | missing | n (repos) |",
        "|---" * (len(RANKERS) + 4) + "|",
    ]
    for title, row in result["slices"].items():
        low, high = row["interval"]
        cells = [_three(row["scores"][name]) for name in RANKERS]
        cells.append(f"{low.top1:.2f}-{high.top1:.2f} / {low.top5:.2f}-{high.top5:.2f}")
        cells.append(f"{row['missing']:.1%}")
        cells.append(f"{row['points']} ({row['repositories']})")
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    found = result["calibration"]
    if found:
        lines += [
            "",
            f"Calibration error: first item {found['error of the first item']:.3f}, "
            f"first ten {found['error of the first ten']:.3f}.",
            "",
            "| stars | mean probability | hit rate | items |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| {n} | {p:.3f} | {hit:.3f} | {items} |"
            for n, (p, hit, items) in sorted(found["bands"].items(), reverse=True)
        ]
    return "\n".join(lines)


def _three(one: Score) -> str:
    return f"{one.top1:.3f} / {one.top5:.3f} / {one.mrr:.3f}"
