"""`report.json` for people: an HTML page and a summary for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from split4ml.backends.report import arithmetic, bound


def html(report: Mapping[str, Any]) -> str:
    """One self-contained page."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["thousands"] = thousands
    return environment.get_template("report.html.j2").render(
        r=report,
        summary=list(summary(report)),
        headings=arithmetic.HEADINGS,
        arithmetic=list(arithmetic.rows(report["layers"])),
    )


def thousands(value: float | None) -> str:
    """`12,345`, or a dash for a value that is not known."""
    if value is None:
        return "–"
    return f"{value:,.1f}" if isinstance(value, float) and not value.is_integer() else f"{int(value):,}"


def summary(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a user wants to know first, as (label, value)."""
    split, monolithic = report["subgraphs"], report["monolithic"]
    yield "model", f"{report['model']}: {len(report['layers'])} tasks in {len(split) or 'no'} subgraphs"
    yield (
        "target",
        f"{report['backend']} backend, {report['part']}, {report['clock_ps'] / 1000:g} ns, {report['tool']}",
    )
    if report["partition"]:
        yield "synthesis time", _synthesis(report)
        proof = "proven optimal" if report["partition"]["optimal"] else _gap(report["partition"])
        if report["partition"]["method"] in ("cut-before", "by-hand"):
            proof = "cut by hand"
        yield (
            "split",
            f"{thousands(report['partition']['crossing_bits_per_frame'])} bits cross per frame; {proof}{_settled(report['partition'])}",
        )
    if report.get("synthesis_bound"):
        yield "at best", bound.told(report["synthesis_bound"])
    if monolithic:
        yield (
            "latency",
            _cycles(report["latency_cycles"], monolithic["latency_cycles"], report.get("stuck", ())),
        )
        yield "interval", _cycles(report["interval_cycles"], monolithic["interval_cycles"])
        yield "FIFO bits", _depths(report["fifo_bits"])
        cost = report.get("fifo_cost", {"unit": "bits"})
        if cost["unit"] != "bits":
            yield f"FIFO {cost['unit']}", _depths(cost)
    if found := report.get("precision"):
        yield "precision", _precision(found)
    yield from _checks(report["checks"])
    for note in report["notes"]:
        yield "note", note


def _cycles(split: float | None, monolithic: float | None, stuck: Any = ()) -> str:
    held = f" (never completes: {', '.join(stuck)} hold the end of the frame)" if stuck else ""
    return f"{thousands(split)} cycles split, {thousands(monolithic)} monolithic{held}"


def _synthesis(report: Mapping[str, Any]) -> str:
    """Estimated; one project a subgraph, all at once, against one project of all."""
    whole = report["partition"].get("monolithic_seconds")
    return (
        f"{thousands(report['partition']['objective'])} s split (largest subgraph), "
        f"{thousands(whole)} s monolithic, estimated"
    )


def _precision(found: Mapping[str, Any]) -> str:
    """Of `--precision auto`."""
    errors = ", ".join(f"{error:.2%} for {name}" for name, error in found["errors"].items())
    missed = "; THE BOUND IS MISSED" if found["missed"] else ""
    return (
        f"{found['bits'][0]} to {found['bits'][1]} bits a number (alike: {found['uniform']}); largest error {errors}, at most "
        f"{found['bound']:.2%} asked, over {found['frames']} {found['sample']} frames{missed}"
    )


def _depths(totals: Mapping[str, Any]) -> str:
    sized, peak, default = (thousands(totals[key]) for key in ("sized", "peak", "default"))
    return f"{sized} sized, {peak} by peak, {default} by default{proof_of_depths(totals)}"


def proof_of_depths(totals: Mapping[str, Any]) -> str:
    """What is proven of `fifo_bits` or `fifo_cost`, to stand behind them; nothing if no bound is known."""
    bound, sized = totals["lower_bound"], totals["sized"]
    if bound is None:
        return ""
    if bound >= sized:
        return "; proven optimal"
    most = f", at most {sized / bound - 1:.1%} above the least" if bound > 0 else ""
    return f"; not proven optimal{most}"


def _gap(split: Mapping[str, Any]) -> str:
    """How far the objectives that are not proven may be from the best."""
    found = [
        f"{name} within {abs(split['values'][name] - bound) / max(split['values'][name], bound, 1):.1%}"
        for name, bound in split["bounds"].items()
        if split["values"][name] != bound
    ]
    return f"not proven optimal: {', '.join(found)} of the best" if found else "not proven optimal"


def _settled(split: Mapping[str, Any]) -> str:
    """What became of the split once FIFOs were sized, if that was in question."""
    told = {"stable": "stable with its FIFOs", "best-known": "the best known with its FIFOs"}.get(
        split.get("settled", "")
    )
    rounds = split.get("rounds", 0)
    return f"; {told} after {rounds} round{'s' if rounds > 1 else ''}" if told else ""


def _checks(checks: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, error in (checks.get("onnx") or {}).items():
        share = error.get("max_relative_error")
        relative = f" ({share:.2%} of its range)" if share is not None else ""
        yield (
            f"output {name}",
            f"largest error {error['max_abs_error']:.4g}{relative}, mean {error['mean_abs_error']:.4g}",
        )
    if accuracy := checks.get("accuracy"):
        yield "accuracy", f"{accuracy['float']:.2%} float, {accuracy['firmware']:.2%} firmware"
    if agreement := checks.get("agreement"):
        yield "classes", f"{agreement['classes']:.2%} of {agreement['frames']} frames as by ONNX Runtime"
    if found := checks.get("arithmetic"):
        yield "arithmetic", arithmetic.told(found)
    if csim := checks.get("csim"):
        same = "bit for bit equal" if csim["bit_exact"] else "DIFFERENT"
        yield "C simulation", f"split and monolithic {same} over {csim['frames']} frames"
    else:
        yield "C simulation", "not run"
    if rtl := checks.get("rtl"):
        tokens = "all tokens right" if rtl["tokens_match"] else "TOKENS DIFFER"
        cycles = "cycles as predicted" if rtl["cycles_match_replay"] else "CYCLES DIFFER"
        yield "RTL simulation", f"{tokens}, {cycles} over {rtl['frames']} frames ({rtl['kind']})"
    else:
        yield "RTL simulation", "not run"
