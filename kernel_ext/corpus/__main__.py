"""Command line: `python -m kernel_ext.corpus`."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from kernel_ext import whole
from kernel_ext.corpus.coverage import coverage
from kernel_ext.corpus.mine import FILES, NOTEBOOKS, mine, report


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m kernel_ext.corpus", description=__doc__
    )
    commands = parser.add_subparsers(dest="command", required=True)
    miner = commands.add_parser("mine", help="read repositories into a cache")
    miner.add_argument("folders", nargs="+", help="repositories, or folders of some")
    miner.add_argument("--out", required=True, help="the cache folder")
    miner.add_argument("--manifest", help="CSV with the columns repo and licence")
    miner.add_argument("--only-permissive", action="store_true")
    miner.add_argument("--workers", type=int, default=2)
    miner.add_argument("--notebooks", type=int, default=NOTEBOOKS)
    miner.add_argument("--files", type=int, default=FILES)
    miner.add_argument("--again", action="store_true", help="do not resume")
    reporter = commands.add_parser("report", help="sum up a cache")
    reporter.add_argument("cache")
    coverer = commands.add_parser(
        "coverage", help="how often the wanted name is among the candidates"
    )
    coverer.add_argument("cache")
    coverer.add_argument("--split", default="validation")
    coverer.add_argument("--every", type=int, default=1, help="one document in N")
    for each in miner, reporter, coverer:
        each.add_argument("--report", help="write the report as JSON")
    options = parser.parse_args(arguments)
    if options.command == "mine":
        made = mine(
            options.folders,
            options.out,
            licences=_licences(options.manifest),
            only_permissive=options.only_permissive,
            workers=options.workers,
            notebooks=options.notebooks,
            files=options.files,
            again=options.again,
        )
    elif options.command == "report":
        made = report(options.cache)
    else:
        made = {
            "coverage": coverage(
                options.cache, split=options.split, every=options.every
            )
        }
    if options.report:
        whole.write(Path(options.report), json.dumps(made, indent=1))
    if options.command == "coverage":
        _show_rows(made["coverage"])
    else:
        _show(made)
    return 0


def _show_rows(rows: list[dict[str, Any]]) -> None:
    table = Table(*(rows[0] if rows else ["nothing was found"]))
    for row in rows:
        table.add_row(*map(str, row.values()))
    Console().print(table)


def _licences(manifest: str | None) -> dict[str, str]:
    if manifest is None:
        return {}
    with Path(manifest).open(newline="", encoding="utf-8") as lines:
        return {row["repo"]: row["licence"] for row in csv.DictReader(lines)}


def _show(made: dict[str, Any]) -> None:
    console = Console()
    table = Table("repository", "commit", "licence", "split", "notebooks", "files")
    for each in made["repositories"]:
        counts = each["counts"]
        commit = (each["commit"] or "-")[:10]
        numbers = [str(counts.get(kind, 0)) for kind in ("notebooks", "files")]
        table.add_row(
            each["repository"], commit, each["licence"], each["split"], *numbers
        )
    console.print(table)
    totals = Table("total", "")
    for name, number in made["total"].items():
        totals.add_row(name, f"{number:,}")
    console.print(totals)
    for name, reason in made["refused"].items():
        console.print(f"not mined: {name} ({reason})")


if __name__ == "__main__":
    sys.exit(main())
