"""`split4ml explore MODEL`: the front of its splits as a table, JSON and a picture; and a build of one of them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any

from split4ml.dialects.errors import Split4mlError, UsageError

SHOWN = 40
"""Points that the terminal shows at most."""


def run_explore(arguments: argparse.Namespace) -> int:
    from split4ml.backends.report.front import picture, table
    from split4ml.compiler.builddir import FRONT, check_free
    from split4ml.compiler.cli.compile_options import compile_options, named_options
    from split4ml.compiler.explore import explore_file, given_with, options_of, pick
    from split4ml.compiler.progress import make_reporter

    if arguments.pick is not None and arguments.output is None:
        raise UsageError("where to? -o DIR is missing", hint="split4ml explore MODEL --pick N -o build")
    options = compile_options(arguments)
    if not arguments.model.exists():
        raise Split4mlError("there is no such file", str(arguments.model))
    if arguments.output is not None:
        check_free(arguments.output, arguments.force)
    reporter = make_reporter(arguments.quiet or arguments.json)
    given = named_options(arguments)
    front = explore_file(arguments.model, options, reporter, given)
    point = pick(front, arguments.pick) if arguments.pick is not None else None
    if arguments.json:
        print(json.dumps(front, indent=1))
    elif not arguments.quiet:
        print(table(front, SHOWN))
        print(f"\n{_told(front)}")
    if arguments.output is None:
        return 0
    files = dict(zip(FRONT, (json.dumps(front, indent=1) + "\n", picture(front)), strict=True))
    if point is None:
        _write(arguments, files)
    else:
        from split4ml.compiler.compile import compile_file

        chosen = options_of(point, options)
        report = compile_file(
            arguments.model,
            arguments.output,
            chosen,
            reporter,
            arguments.force,
            given_with(point, given),
            files,
        )
        if not arguments.json and not arguments.quiet:
            from split4ml.compiler.commands import summarise

            print(f"\npoint {arguments.pick}")
            summarise(report)
    if not arguments.json and not arguments.quiet:
        print(f"\nwritten to {arguments.output}")
    return 0


def _write(arguments: argparse.Namespace, files: Mapping[str, str]) -> None:
    """A folder of these files, which appears whole."""
    from split4ml.compiler.builddir import new_build

    with new_build(arguments.output, arguments.force) as folder:
        for name, content in files.items():
            (folder / name).write_text(content, "utf-8")


def _told(front: Mapping[str, Any]) -> str:
    low, high = front["subgraphs"]
    numbers = f"{low}" if low == high else f"{low} to {high}"
    what = f"every split of {front['tasks']} tasks into {numbers} subgraphs that no other beats in {', '.join(front['objectives'])}"
    hidden = len(front["points"]) - SHOWN
    if hidden > 0:
        what += f" ({len(front['points'])}, of which {SHOWN} are shown; all are in front.json)"
    if front["complete"]:
        return f"{what}; proven complete"
    return f"{what}, but for {front['missing']}: raise --time-limit"
