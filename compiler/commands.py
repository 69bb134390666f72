"""What each command does, given its arguments. All that is heavy is imported inside."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from split4ml.dialects.errors import Split4mlError, UsageError


def run_compile(arguments: argparse.Namespace) -> int:
    from split4ml.compiler.builddir import check_free
    from split4ml.compiler.cli.compile_options import compile_options, named_options
    from split4ml.compiler.defaults import default_pipeline, pipeline_of
    from split4ml.compiler.progress import make_reporter

    options = compile_options(arguments)
    if arguments.print_pipeline:
        directory = arguments.output or Path("build")
        sys.stdout.write(default_pipeline(options, arguments.model.as_posix(), directory.as_posix()))
        return 0
    if arguments.output is None:
        raise UsageError("where to? -o DIR is missing", hint="split4ml compile MODEL -o build")
    if not arguments.model.exists():
        raise Split4mlError("there is no such file", str(arguments.model))
    check_free(arguments.output, arguments.force)

    from split4ml.compiler.binding import bind_all

    bind_all(pipeline_of(options))  # before hours of work, not after

    from split4ml.compiler.compile import compile_file

    reporter = make_reporter(arguments.quiet or arguments.json)
    given = named_options(arguments)
    report = compile_file(arguments.model, arguments.output, options, reporter, arguments.force, given)
    if arguments.json:
        print(json.dumps(report, indent=1))
    elif not arguments.quiet:
        summarise(report)
        print(f"\nwritten to {arguments.output}")
    return 0


def run_config(arguments: argparse.Namespace) -> int:
    from split4ml.compiler.cli.compile_options import compile_options
    from split4ml.compiler.config_command import configuration_of, write_configuration
    from split4ml.compiler.progress import make_reporter

    text = configuration_of(arguments.model, compile_options(arguments), make_reporter(arguments.quiet))
    if arguments.output is None:
        sys.stdout.write(text)
    else:
        write_configuration(arguments.output, text, arguments.force)
    return 0


def run_opt(argv: Sequence[str]) -> int:
    from split4ml.compiler.optmain import OptMain

    OptMain(argv).run()
    return 0


def run_script(arguments: argparse.Namespace) -> int:
    from split4ml.compiler.options import CompileOptions
    from split4ml.compiler.pipeline.script import ScriptRunner
    from split4ml.compiler.progress import make_reporter

    reporter = make_reporter(arguments.quiet)

    def compile_model(source: Path, directory: Path, options: CompileOptions, given: Collection[str]) -> None:
        from split4ml.compiler.compile import compile_file

        report = compile_file(source, directory, options, reporter, arguments.force, given)
        if not arguments.quiet:
            summarise(report)

    if arguments.script == "-":
        folder, name, text = Path(), "stdin", sys.stdin.read()
    else:
        path = Path(arguments.script)
        try:
            folder, name, text = path.parent, str(path), path.read_text("utf-8")
        except UnicodeDecodeError:
            raise Split4mlError("this is no text", str(path)) from None
    ScriptRunner(folder, compile_model, reporter).run(text, name)
    return 0


def run_predict(arguments: argparse.Namespace) -> int:
    from split4ml.compiler.builddir import require_build
    from split4ml.compiler.predict import predict_file
    from split4ml.compiler.progress import make_reporter

    reporter = make_reporter(arguments.quiet)
    predict_file(require_build(arguments.directory), arguments.inputs, arguments.output, reporter)
    return 0


def run_verify(arguments: argparse.Namespace) -> int:
    from split4ml.compiler.builddir import read_report
    from split4ml.compiler.progress import make_reporter
    from split4ml.compiler.verify import verify_build

    reporter = make_reporter(arguments.quiet or arguments.json)
    report = read_report(arguments.directory)
    checks = verify_build(arguments.directory, arguments.rtl, arguments.layers, arguments.subgraph, reporter)
    if arguments.json:
        print(json.dumps({"checks": checks}, indent=1))
    elif not arguments.quiet:
        summarise({**report, "checks": checks})
        found = (checks.get("arithmetic") or {}).get("layers")
        if arguments.layers and found:
            from split4ml.backends.report.arithmetic import table

            layers = [{**layer, "arithmetic": found.get(layer["name"])} for layer in report["layers"]]
            print(f"\n{table(layers)}")
    return 0


def run_profile(arguments: argparse.Namespace) -> int:
    from split4ml.compiler.profile_command import run_profile

    return run_profile(arguments)


def run_explore(arguments: argparse.Namespace) -> int:
    from split4ml.compiler.explore_command import run_explore

    return run_explore(arguments)


def run_explain(arguments: argparse.Namespace) -> int:
    from split4ml.compiler.explain import run_explain

    return run_explain(arguments)


def run_pareto(arguments: argparse.Namespace) -> int:
    from split4ml.compiler.pareto_command import run_pareto

    return run_pareto(arguments)


def run_report(arguments: argparse.Namespace) -> int:
    from split4ml.compiler.builddir import REPORT, read_report

    report = read_report(arguments.directory)
    if arguments.json:
        print(json.dumps(report, indent=1))
    else:
        try:
            summarise(report)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            where = str(arguments.directory / REPORT)
            raise Split4mlError(f"the report is damaged: {type(error).__name__} {error}", where) from None
    return 0


def summarise(report: Mapping[str, object]) -> None:
    """Prints what a user wants to know first."""
    from split4ml.backends.report.render import summary

    rows = list(summary(report))
    width = max((len(label) for label, _ in rows), default=0)
    for label, text in rows:
        print(f"{label:<{width}}  {text}")


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "compile": run_compile,
    "config": run_config,
    "explore": run_explore,
    "run": run_script,
    "predict": run_predict,
    "verify": run_verify,
    "profile": run_profile,
    "report": run_report,
    "explain": run_explain,
    "pareto": run_pareto,
}
"""By name; `opt` takes its arguments unparsed."""
