"""The command `split4ml`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from types import FrameType

from split4ml.compiler.diagnostics import guarded


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit status: 0, 1 (input), 2 (usage), 3 (our fault) or 130 (interrupted)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if argv is None:
        # what a batch system sends: unwind, so that nothing half-written stays behind
        signal.signal(signal.SIGTERM, _terminate)
    return guarded(lambda: _dispatch(arguments), as_json="--json" in arguments)


def _dispatch(arguments: list[str]) -> int:
    from split4ml.compiler import commands

    if arguments[:1] == ["opt"]:
        return commands.run_opt(arguments[1:])
    from split4ml.compiler.cli.parser import build_parser

    parsed = build_parser().parse_args(arguments)
    return commands.COMMANDS[parsed.command](parsed)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
