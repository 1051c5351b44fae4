"""Command line: ``python -m kernel_ext.training build|train|evaluate``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from kernel_ext import corpus, whole
from kernel_ext.ranker import weights
from kernel_ext.ranker.ranker import Ranker
from kernel_ext.ranker.subtokens import Vocabulary
from kernel_ext.training import build, card, evaluate, train


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    top = argparse.ArgumentParser(
        prog="python -m kernel_ext.training", description=__doc__
    )
    commands = top.add_subparsers(dest="command", required=True)
    default = train.Plan()
    for name, help_ in (
        ("build", "count, and write weights without a network"),
        ("train", "count, train the network, calibrate, and write weights"),
        ("evaluate", "measure weights on the validation repositories"),
    ):
        one = commands.add_parser(name, help=help_)
        one.add_argument("cache", type=Path, help="folder written by kernel_ext.corpus")
        one.add_argument(
            "--weights", type=Path, default=weights.FOLDER / "python.npz",
            help="the weights file (default: the one in the package)",
        )  # fmt: skip
        one.add_argument("--per-repository", type=int, default=600,
                         help="validation points of a repository")  # fmt: skip
        if name != "evaluate":
            for field in default._fields:
                value = getattr(default, field)
                one.add_argument(f"--{field}", type=type(value), default=value)
        else:
            one.add_argument("--json", type=Path, help="write the report there too")
    return top


def main(argv: list[str] | None = None) -> int:
    """Run a command; give the exit code."""
    options = parser().parse_args(argv)
    try:
        if options.command == "evaluate":
            return _evaluate(options)
        return _train(options, network=options.command == "train")
    except (FileNotFoundError, weights.WeightsError) as error:
        print(error, file=sys.stderr)
        return 2


def _train(options: argparse.Namespace, network: bool) -> int:
    started = time.monotonic()
    plan = train.Plan(*(getattr(options, field) for field in train.Plan._fields))
    learned = train.count(options.cache, plan, started)
    counts = build.merge(learned.tallies, learned.names)
    offered = train.pools(options.cache, counts)
    fitted, lists = None, 0
    if network:
        batches = train.describe(options.cache, plan, learned, offered, started)
        lists = sum(batch.filled for batch in batches)
        size = len(Vocabulary(learned.entries))
        fitted = train.fit(batches, size, plan, started)
        del batches
    write = (options.weights, counts, learned, fitted)
    train.write(*write, {}, lists)
    scales = train.calibrated(
        Ranker.load(options.weights),
        lambda: evaluate.events(
            options.cache, offered, options.per_repository, train.calibrating
        ),
    )
    offered.save()
    size = train.write(*write, scales, lists)
    card.repositories(
        options.weights.with_name("repositories.csv"),
        corpus.repositories(options.cache),
        {tally.repository for tally in learned.tallies},
    )
    train.say(f"{options.weights}: {size / 1e6:.2f} MB", started)
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    ranker = Ranker.load(options.weights)
    offered = train.pools(options.cache, ranker.counts)
    drawn = evaluate.events(options.cache, offered, options.per_repository)
    judged = evaluate.judge(ranker, drawn, calibrating=train.calibrating)
    offered.save()
    result = evaluate.report(judged)
    print(evaluate.text(result))
    if options.json:
        whole.write(options.json, json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
