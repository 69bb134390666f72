"""Traces an hls4ml io_stream project: instrument, compile, run, read back."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from split4ml.backends.trace.decode import RawTask, RawTrace, decode, encode_inputs
from split4ml.backends.trace.harness import directions, harness
from split4ml.backends.trace.instrument import Sites, instrument
from split4ml.backends.trace.model import ProjectTrace
from split4ml.backends.trace.run import compile_cpp, run_child
from split4ml.backends.trace.toplevel import Config, TaskCall, Top, parse_configs, parse_top, quick_weights
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.timing.tasktrace import CountedLoop, Element, Function, LoopTable, TaskTrace, Weights

INCLUDE = Path(__file__).parent / "include"
_PLAIN = {"nnet_helpers.h", "nnet_types.h", "nnet_math.h", "nnet_code_gen.h", "nnet_function_stubs.h"}
_RESOURCE = (1, 2)  # nnet::strategy resource, resource_unrolled (nnet_common.h): weights are stored by output


def trace_project(
    project: Path,
    top: str,
    inputs: Mapping[str, npt.NDArray[np.uint64]] | None,
    workdir: Path,
    timeout: float = 1800.0,
) -> ProjectTrace:
    """Runs the C simulation of an hls4ml project and records its streams.

    project: the folder that holds `firmware/`; top: name of the top function and its file.
    inputs: raw bits per input stream, uint64[frames * tokens, elements]; the same number of frames in each.
        None: one frame of zeros is recorded, of as many tokens as the top function reads. Control does not depend on data.
    workdir: an empty or absent folder for the instrumented sources; the caller removes it.
    timeout: seconds, for the compiler and for the program.
    Raises Split4mlError if the project is not understood, does not compile, or its control depends on data.
    """
    if not re.fullmatch(r"[A-Za-z_]\w*", top):
        raise Split4mlError(f"{top!r} is no name of a top function", str(project))
    firmware = project.resolve() / "firmware"
    try:
        parsed, configs, sites = _prepare(firmware, top, workdir, inputs is None)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise Split4mlError(
            f"this is no hls4ml io_stream project that can be traced: {error}", str(firmware)
        ) from None
    names, outputs = directions(parsed)
    arrays = _in_order(names, inputs, str(project)) if inputs is not None else []
    ap_types = firmware / "ap_types"
    if not ap_types.is_dir():
        ap_types = packaged_ap_types()
    program = workdir / "trace"
    compile_cpp(workdir / "main.cpp", program, [INCLUDE, workdir, ap_types], str(project), timeout)
    (workdir / "inputs.bin").write_bytes(encode_inputs(arrays))
    recording = workdir / "recording.bin"
    run_child([str(program), str(workdir / "inputs.bin"), str(recording)], str(project), timeout)
    try:
        raw = decode(recording.read_bytes())
    except (OSError, ValueError) as error:
        raise Split4mlError(f"the traced program left no recording: {error}", str(project)) from None
    return _digest(raw, parsed, configs, sites, tuple(names), tuple(outputs), top, str(project))


def packaged_ap_types() -> Path:
    """The ap_types headers that hls4ml brings along. Raises Split4mlError if they are not there."""
    package = find_spec("hls4ml")
    for folder in (package.submodule_search_locations or ()) if package else ():
        if (found := Path(folder) / "templates" / "vivado" / "ap_types").is_dir():
            return found
    raise Split4mlError("the headers of ap_fixed are missing: neither the project nor hls4ml has them")


def _prepare(firmware: Path, top: str, workdir: Path, endless: bool) -> tuple[Top, dict[str, Config], Sites]:
    """Writes the instrumented sources."""
    parameters = (firmware / "parameters.h").read_text()
    configs = parse_configs(parameters)
    parsed = parse_top((firmware / f"{top}.cpp").read_text(), top, set(configs))
    sites = Sites()
    for folder in ("nnet_utils", "weights"):
        (workdir / folder).mkdir(parents=True, exist_ok=True)
    for header in sorted((firmware / "nnet_utils").glob("*.h")):
        text = header.read_text()
        if header.name not in _PLAIN:
            text = instrument(text, header.name, sites)
        (workdir / "nnet_utils" / header.name).write_text(text)
    for header in sorted((firmware / "weights").glob("*.h")):
        (workdir / "weights" / header.name).write_text(quick_weights(header.read_text()))
    for kind, name, size in parsed.loaded:
        header = workdir / "weights" / f"{name}.h"
        if not header.exists() and f'"weights/{name}.h"' in parameters:
            header.write_text(f"#pragma once\nstatic {kind} {name}[{size}];\n")
    for header in sorted(firmware.glob("*.h")):
        shutil.copyfile(header, workdir / header.name)
    (workdir / f"{top}.cpp").write_text(parsed.text)
    bench = harness(parsed, top, configs, len(sites.loops), len(sites.functions), endless)
    (workdir / "main.cpp").write_text(bench)
    return parsed, configs, sites


def find_top(project: Path) -> str:
    """Name of the top function of an hls4ml project: the file in firmware/ that instantiates the layers.

    Raises Split4mlError if there is none, or more than one.
    """
    firmware = project / "firmware"
    if not firmware.is_dir():
        raise Split4mlError(
            "this is no hls4ml project: it has no folder firmware/",
            str(project),
            "give the folder that holds firmware/, as hls4ml's `output_dir` was",
        )
    found = [
        path.stem
        for path in sorted(firmware.glob("*.cpp"))
        if re.search(
            rf"\bnnet::.*|\bvoid\s+{re.escape(path.stem)}\s*\(", text := path.read_text(errors="replace")
        )
        and '"parameters.h"' in text
    ]
    if len(found) != 1:
        what = (
            f"several top functions ({', '.join(found)})" if found else "no top function beside parameters.h"
        )
        raise Split4mlError(f"this is no hls4ml project: firmware/ has {what}", str(project))
    return found[0]


def read_top(project: Path, top: str) -> Top:
    """The top function alone, as `trace_project` reads it. Raises Split4mlError."""
    firmware = project / "firmware"
    try:
        configs = parse_configs((firmware / "parameters.h").read_text())
        return parse_top((firmware / f"{top}.cpp").read_text(), top, set(configs))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise Split4mlError(f"this is no hls4ml io_stream project: {error}", str(firmware)) from None


def _in_order(
    names: list[str], inputs: Mapping[str, npt.NDArray[np.uint64]], where: str
) -> list[npt.NDArray[np.uint64]]:
    """The inputs in port order."""
    missing = [name for name in names if name not in inputs]
    unknown = [name for name in inputs if name not in names]
    if missing or unknown:
        what = f"input {missing[0]} is missing" if missing else f"there is no input {unknown[0]}"
        raise Split4mlError(what, where, f"the inputs are {', '.join(names)}")
    arrays = [np.asarray(inputs[name], np.uint64) for name in names]
    for name, array in zip(names, arrays, strict=True):
        if array.ndim != 2 or not array.size:
            raise Split4mlError(f"input {name} has shape {array.shape}, not (tokens, elements)", where)
    return arrays


def _digest(
    raw: RawTrace,
    top: Top,
    configs: dict[str, Config],
    sites: Sites,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    name: str,
    where: str,
) -> ProjectTrace:
    elements = {s.name: Element(s.width, s.integer, s.signed) for s in raw.streams}
    order = [s.name for s in raw.streams]
    tasks = []
    for call, recorded in zip(top.tasks, raw.tasks, strict=True):
        if recorded.variant:
            raise Split4mlError(
                f"the stream operations of {call.name} ({call.kind}) depend on the data: frame {recorded.variant} "
                "differs from the one before",
                where,
                "only kernels with data-independent control can be scheduled",
            )
        tasks.append(_task(call, recorded, raw, configs, sites, order, elements, where))
    tokens = {s.name: s.tokens for s in raw.streams}
    return ProjectTrace(name, inputs, outputs, tuple(tasks), tokens, elements, raw.frames)


def _task(
    call: TaskCall,
    recorded: RawTask,
    raw: RawTrace,
    configs: dict[str, Config],
    sites: Sites,
    order: list[str],
    elements: dict[str, Element],
    where: str,
) -> TaskTrace:
    ops = recorded.ops
    stream, write = ops[:, 2] >> 1, (ops[:, 2] & 1).astype(np.bool_)
    read_names = {order[i] for i in np.unique(stream[~write])}
    written_names = {order[i] for i in np.unique(stream[write])}
    inputs = tuple(s for s in call.streams if s in read_names)
    outputs = tuple(s for s in call.streams if s in written_names)
    idle = [s for s in call.streams if s not in read_names | written_names]
    foreign = (read_names | written_names) - set(call.streams)
    if idle or foreign or read_names & written_names:
        odd = (idle or sorted(foreign) or sorted(read_names & written_names))[0]
        raise Split4mlError(
            f"{call.name} ({call.kind}) does not use stream {odd} as one input or one output", where
        )
    port = np.full(len(order), -1, np.int16)
    for ports in (inputs, outputs):
        for number, stream_name in enumerate(ports):
            port[order.index(stream_name)] = number
    constants, types = _facts(call.config, raw, configs)
    types.update({s: elements[s] for s in call.streams})
    return TaskTrace(
        name=call.name,
        kind=call.kind,
        inputs=inputs,
        outputs=outputs,
        op_write=write,
        op_port=port[stream],
        op_loop=np.ascontiguousarray(ops[:, 0]),
        op_iteration=np.ascontiguousarray(ops[:, 1]),
        loops=_loops(recorded, sites),
        counted=_counted(recorded, sites),
        functions={
            sites.functions[i].name: Function(sites.functions[i].inline, int(recorded.entered[i]) - 1)
            for i in np.flatnonzero(recorded.entered)
        },
        constants=constants,
        types=types,
        weights=tuple(_weights(a, raw, constants) for a in call.others if a in raw.weights),
    )


def _loops(recorded: RawTask, sites: Sites) -> LoopTable:
    table = recorded.instances.astype(np.int64)
    names = [
        f"{sites.loops[s].function}:{sites.loops[s].label}" if s >= 0 else f"{sites.functions[-1 - s].name}:"
        for s in table[:, 0].tolist()
    ]
    parent, at, iterations, interval = (np.ascontiguousarray(table[:, column]) for column in range(1, 5))
    return LoopTable(tuple(names), parent, at, iterations, interval)


def _counted(recorded: RawTask, sites: Sites) -> tuple[CountedLoop, ...]:
    counted = []
    for site in np.flatnonzero(recorded.counted["instances"]):
        row = recorded.counted[site]
        where = sites.loops[site]
        counted.append(
            CountedLoop(
                where.function, where.label, int(row["instances"]), int(row["iterations"]), int(row["ii"])
            )
        )
    return tuple(counted)


def _facts(
    config: str | None, raw: RawTrace, configs: dict[str, Config]
) -> tuple[dict[str, float], dict[str, Element]]:
    constants: dict[str, float] = {}
    types: dict[str, Element] = {}

    def collect(name: str, prefix: str) -> None:
        for constant in configs[name].integers:
            constants[prefix + constant] = raw.integers[f"{name}.{constant}"]
        for constant in configs[name].reals:
            constants[prefix + constant] = raw.reals[f"{name}.{constant}"]
        for member, kind in configs[name].types:
            if kind in configs:
                collect(kind, f"{prefix}{member}.")
            else:
                types[prefix + member] = Element(*raw.types[f"{name}.{member}"])

    if config is not None:
        collect(config, "")
    return constants, types


def _weights(name: str, raw: RawTrace, constants: dict[str, float]) -> Weights:
    width, signed, bits = raw.weights[name]
    values = bits.astype(np.int64)
    if signed and width < 64:
        values = np.where(values >> (width - 1) & 1, values - (1 << width), values)
    n_in = int(constants.get("mult_config.n_in", constants.get("n_in", 0)))
    n_out = int(constants.get("mult_config.n_out", constants.get("n_out", 0)))
    strategy = constants.get("mult_config.strategy", constants.get("strategy", 0))
    nonzero = values != 0
    by_output = -(-int(np.count_nonzero(nonzero)) // max(1, n_out))
    if n_in > 0 and n_out > 0 and len(values) == n_in * n_out:
        shape, axis = ((n_out, n_in), 1) if strategy in _RESOURCE else ((n_in, n_out), 0)
        by_output = int(np.count_nonzero(nonzero.reshape(shape), axis=axis).max())
    largest = int(np.abs(values).max()) if len(values) else 0
    return Weights(name, len(values), int(np.count_nonzero(nonzero)), largest.bit_length(), by_output)
