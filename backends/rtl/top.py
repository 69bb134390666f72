"""The SystemVerilog top of a `stitch.design`: the text that Vivado builds and Verilator simulates."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir import Operation, SSAValue

from split4ml.backends.rtl.render import library, render
from split4ml.dialects import stitch
from split4ml.dialects.flow import symbol


@dataclass(frozen=True)
class Port:
    """A stream at the top or at a subgraph; `bits` of TDATA, `beats` a frame."""

    name: str
    bits: int
    beats: int
    is_input: bool


@dataclass(frozen=True)
class Link:
    """A FIFO between two instances. id: its number among the links. sim_depth: the deepest a simulation can make it. ram_style: of
    its memory, as Vivado's attribute has it (UG901).
    """

    id: int
    name: str
    bits: int
    beats: int
    depth: int
    memory: bool
    sim_depth: int
    ram_style: str = "auto"


@dataclass(frozen=True)
class Pin:
    """A port of an instance, and the nets on it."""

    port: str
    tdata: str
    tvalid: str
    tready: str


@dataclass(frozen=True)
class Instance:
    name: str
    slr: int | None
    ports: tuple[Port, ...]
    pins: tuple[Pin, ...]


@dataclass(frozen=True)
class Top:
    """What the template needs; all names are legal identifiers."""

    name: str
    model: str
    clock_ps: int
    part: str | None
    held: bool
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    links: tuple[Link, ...]
    instances: tuple[Instance, ...]

    @property
    def ports(self) -> tuple[Port, ...]:
        return (*self.inputs, *self.outputs)


def top_of(design: stitch.DesignOp) -> Top:
    """The design as plain values."""
    links = tuple(_link(number, op) for number, op in enumerate(design.links))
    return Top(
        name=symbol(design),
        model=design.model.string_value(),
        clock_ps=design.clock_ps.value.data,
        part=design.part.data if design.part is not None else None,
        held=design.held_start,
        inputs=tuple(_port(symbol(op), op.out, True) for op in design.inputs),
        outputs=tuple(_port(symbol(op), op.stream, False) for op in design.outputs),
        links=links,
        instances=tuple(_instance(op) for op in design.instances),
    )


def rtl_sources(design: stitch.DesignOp) -> dict[str, str]:
    """The files of `stitched/rtl/` by name: the top and the modules it is made of, without the subgraphs."""
    top = top_of(design)
    return {**library(), f"{top.name}.sv": render("top.sv.j2", top=top)}


RAM_STYLES = {"lutram": "distributed", "bram": "block", "uram": "ultra"}
"""Vivado's words for styles of flow.fifo."""

LEAST_SIM_DEPTH = 16
"""Every simulated FIFO has room for so many tokens."""


def sim_depth(depth: int, *others: int | None) -> int:
    """Room for experiments in a simulated FIFO: a power of two, so that few kinds of FIFO differ."""
    most = max(depth, LEAST_SIM_DEPTH, *(other or 0 for other in others))
    return int(1 << (most - 1).bit_length())


def _port(name: str, value: SSAValue, is_input: bool) -> Port:
    type_ = stitch.axis(value.type)
    return Port(name, type_.bits.data, type_.beats.data, is_input)


def _link(number: int, op: stitch.LinkOp) -> Link:
    type_ = stitch.axis(op.out.type)
    depth = op.depth.value.data
    return Link(
        number,
        symbol(op),
        type_.bits.data,
        type_.beats.data,
        depth,
        op.style.data not in ("shift", "wire"),
        sim_depth(depth, type_.beats.data),
        RAM_STYLES.get(op.style.data, "auto"),
    )


def _instance(op: stitch.InstanceOp) -> Instance:
    ports, pins = [], []
    for name, value in zip(op.input_names, op.inputs, strict=True):
        writer = value.owner
        assert isinstance(writer, Operation)
        ports.append(_port(name.data, value, True))
        if isinstance(writer, stitch.InputOp):
            pins.append(_outer_pin(name.data, symbol(writer)))
        else:
            pins.append(_link_pin(name.data, symbol(writer), "out"))
    for name, result in zip(op.output_names, op.outputs, strict=True):
        (use,) = result.uses
        ports.append(_port(name.data, result, False))
        if isinstance(use.operation, stitch.OutputOp):
            pins.append(_outer_pin(name.data, symbol(use.operation)))
        else:
            pins.append(_link_pin(name.data, symbol(use.operation), "in"))
    return Instance(symbol(op), op.slr.value.data if op.slr is not None else None, tuple(ports), tuple(pins))


def _outer_pin(port: str, net: str) -> Pin:
    return Pin(port, f"{net}_TDATA", f"{net}_TVALID", f"{net}_TREADY")


def _link_pin(port: str, link: str, side: str) -> Pin:
    net = f"axis_{link}_{side}"
    return Pin(port, f"{net}_tdata", f"{net}_tvalid", f"{net}_tready")
