"""The argument parser of `split4ml`. Building it imports nothing but the standard library and our options."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NoReturn

from split4ml.compiler.cli.compile_options import add_board, add_compile_options
from split4ml.dialects.errors import UsageError, meant

COMMANDS = {
    "compile": "compile a model into a directory: IR of every stage, projects, stitched top, report",
    "config": "write hls4ml's configuration of a model, to change and give to compile",
    "explore": "find every split that is worth choosing, as a table and a picture; and compile one of them",
    "opt": "apply passes to IR or a model, and print the IR",
    "run": "run a pipeline script",
    "predict": "run the split firmware's C simulation on your data",
    "verify": "check a build again: C simulation, or RTL simulation of the stitched top",
    "profile": "time any hls4ml project and size its FIFOs; or compare a build with a simulation's VCD, or learn from its synthesis",
    "report": "show the report of a build",
    "explain": "say why a build is as it is: its split, what bounds its interval, which FIFO holds up whom",
    "pareto": "show FIFO bits against the interval or latency of a build or hls4ml project",
}

EPILOG = """\
exit status: 0 success, 1 the input or the design is at fault, 2 the command makes no sense, 3 split4ml is at fault

examples:
  split4ml compile model.onnx -o build --subgraphs 3 --verify rtl
  split4ml compile build/ir/*-partition.mlir -o other     go on from a stage that you edited
  split4ml opt build/ir/*-partition.mlir -p 'profile,size-fifos{method=peak}'
  split4ml compile model.onnx --print-pipeline > flow.s4ml; split4ml run flow.s4ml
"""


class Parser(argparse.ArgumentParser):
    """Raises UsageError instead of exiting, with a suggestion for options that do not exist."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """What a command does not know is its own error, not that of the whole, so that its own options are near."""
        found, extra = super().parse_known_args(args, namespace)
        if extra:
            self.error(f"unrecognized arguments: {' '.join(extra)}")
        return found, extra

    def error(self, message: str) -> NoReturn:
        hint = f"{self.prog} --help"
        unknown = message.removeprefix("unrecognized arguments: ").split()
        if message.startswith("unrecognized arguments") and unknown[0].startswith("-"):
            name = unknown[0].split("=")[0]
            known = [text for action in self._actions for text in action.option_strings]
            message = f"there is no option {name}"
            hint = meant(name, known) or hint
        raise UsageError(message, hint=hint)


class _Version(argparse.Action):
    """Looks the version up only when asked, which takes a tenth of a second."""

    def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> None:
        from split4ml.compiler.version import version

        print(f"split4ml {version()}")
        parser.exit()


def build_parser() -> Parser:
    """The parser of all commands but `opt`, which is xDSL's own (compiler/optmain.py)."""
    parser = Parser(
        prog="split4ml",
        description="Splits hls4ml designs into subgraphs and sizes every FIFO.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", required=True)
    made = {
        name: commands.add_parser(
            name, help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False
        )
        for name, text in COMMANDS.items()
    }
    _compile(made["compile"])
    _config(made["config"])
    _explore(made["explore"])
    _run(made["run"])
    _predict(made["predict"])
    _verify(made["verify"])
    _profile(made["profile"])
    _report(made["report"])
    _explain(made["explain"])
    _pareto(made["pareto"])
    return parser


def _output(parser: argparse.ArgumentParser, json: str | None = None) -> None:
    group = parser.add_argument_group("output")
    group.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors and warnings")
    if json is not None:
        group.add_argument("--json", action="store_true", help=f"print {json}, or the error, as JSON")


def _compile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model",
        type=Path,
        metavar="MODEL",
        help="ONNX (.onnx), a saved hls4ml graph (.fml), or IR of any stage (.mlir)",
    )
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="the build directory to make")
    parser.add_argument("--force", action="store_true", help="replace DIR, if it is a build of split4ml")
    parser.add_argument(
        "--print-pipeline", action="store_true", help="print what would be done, as a script, and do nothing"
    )
    add_compile_options(parser)
    add_board(parser)
    _output(parser, "the report")


def _config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model", type=Path, metavar="MODEL", help="ONNX (.onnx), or IR of the network (.mlir)"
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="YAML", help="the file to write; by default it is printed"
    )
    parser.add_argument("--force", action="store_true", help="replace the file")
    add_compile_options(parser, ("hardware", "arithmetic", "input", "max_error"))
    _output(parser)


def _explore(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, metavar="MODEL", help="what `compile` takes")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="DIR", help="a new folder for front.json and front.svg"
    )
    parser.add_argument(
        "--pick",
        type=int,
        metavar="N",
        help="compile the split of point N into DIR, which holds the front as well",
    )
    parser.add_argument("--force", action="store_true", help="replace DIR, if it is of split4ml")
    add_compile_options(parser)
    add_board(parser)
    _output(parser, "the front")


def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "script", metavar="SCRIPT", help="a pipeline script (docs/pipelines.md), or - for standard input"
    )
    parser.add_argument("--force", action="store_true", help="let `compile` replace builds of split4ml")
    _output(parser)


def _predict(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="DIR", help="a build directory")
    parser.add_argument(
        "inputs",
        type=Path,
        metavar="X.npz",
        help="arrays by ONNX input name, in ONNX layout, first axis = frames",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="Y.npz", required=True, help="arrays by ONNX output name"
    )
    _output(parser)


def _verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="DIR", help="a build directory")
    parser.add_argument(
        "--rtl",
        choices=("twin", "exported"),
        help="simulate the stitched top too, with generated twins or with exported Verilog where there is some",
    )
    parser.add_argument("--layers", action="store_true", help="compare every layer, not only the outputs")
    parser.add_argument("--subgraph", metavar="NAME", help="check one subgraph alone")
    _output(parser, "the checks")


def _profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "project",
        type=Path,
        metavar="DIR",
        help="an hls4ml project (the folder that holds firmware/), whose C++ is compiled and run, or a build",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="OUT", help="a new directory for report.json and timing.json"
    )
    parser.add_argument("--vcd", type=Path, metavar="FILE", help="occupancies or strobes from a simulation")
    parser.add_argument(
        "--apply", action="store_true", help="write the depths into the pragmas of the project's top function"
    )
    parser.add_argument(
        "--method",
        choices=("bisect", "exact", "peak"),
        default="bisect",
        help="as shallow as latency and interval allow, FIFO by FIFO (default) or all in all, with a lower bound; or the "
        "most tokens held (in the VCD, if given) plus one",
    )
    parser.add_argument(
        "--fifos",
        metavar="OPTIONS",
        help="what FIFOs must be like, as options of the pass size-fifos, such as 'latency=5%%' (docs/sizing.md)",
    )
    parser.add_argument(
        "--tool", metavar="TOOL", help="whose timing, such as vitis-2023.2; default: the backend's"
    )
    parser.add_argument("--clock", type=float, metavar="NS", help="clock period; default: the project's")
    parser.add_argument(
        "--reports",
        metavar="PLACE",
        help="where HLS left its reports of the project (csynth.xml and others), whose II and depths replace estimates; "
        "default: the project's own, if there are any; none: estimates",
    )
    parser.add_argument(
        "--timing",
        type=Path,
        metavar="FILE",
        help="timing.json of an earlier profile: II and latency of tasks as they were measured, in place of estimates",
    )
    parser.add_argument("--frames", type=int, default=8, metavar="N", help="of the flooding run (default: 8)")
    parser.add_argument(
        "--cost-data",
        type=Path,
        metavar="FILE",
        help="where a build's synthesis reports are kept; by default, with those of all your builds",
    )
    _output(parser, "the report")


def _report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="DIR", help="a build directory")
    parser.add_argument("--json", action="store_true", help="print report.json, or the error, as JSON")


def _explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "directory", type=Path, metavar="DIR", help="a build directory; or an hls4ml project, for its timing"
    )
    parser.add_argument(
        "--section",
        action="append",
        metavar="NAME",
        help="only this one: split or timing (may be repeated; default: all)",
    )
    parser.add_argument(
        "--time-limit", type=float, default=60.0, metavar="SECONDS", help="for each section (default: 60)"
    )
    parser.add_argument("--timeline", type=Path, metavar="SVG", help="draw tasks and FIFOs over a frame")
    parser.add_argument(
        "--every",
        type=int,
        default=0,
        metavar="CYCLES",
        help="frames are offered so far apart, as in the experiment, and not as fast as they are taken",
    )
    parser.add_argument("--frames", type=int, default=8, metavar="N", help="of the flooding run (default: 8)")
    parser.add_argument("--tool", metavar="TOOL", help="of a project: whose timing, such as vitis-2023.2")
    parser.add_argument("--clock", type=float, metavar="NS", help="of a project: clock period")
    parser.add_argument("--json", action="store_true", help="print the sections, or the error, as JSON")


def _pareto(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="DIR", help="a build, or an hls4ml project")
    parser.add_argument(
        "--against",
        choices=("interval", "latency", "both"),
        default="interval",
        help="what may get longer for the sake of bits (default: interval, whatever becomes of the latency)",
    )
    parser.add_argument("--pick", type=int, metavar="N", help="show the depths of this point")
    parser.add_argument("--apply", action="store_true", help="write its depths into a project's pragmas")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the front")
    parser.add_argument(
        "--method", choices=("bisect", "exact"), default="bisect", help="for each point (default: bisect)"
    )
    parser.add_argument(
        "--time-limit", type=float, default=60.0, metavar="SECONDS", help="of exact, a point (default: 60)"
    )
    parser.add_argument("--tool", metavar="TOOL", help="of a project: whose timing, such as vitis-2023.2")
    parser.add_argument("--clock", type=float, metavar="NS", help="of a project: clock period")
    parser.add_argument("--frames", type=int, default=8, metavar="N", help="of the flooding run (default: 8)")
    _output(parser, "the front, or the point")
