"""The jinja2 templates of this folder, and the library modules beside them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2

HERE = Path(__file__).parent


@cache
def _environment() -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # SystemVerilog, from identifiers that dialects/stitch_verify.py has checked
    )


def render(template: str, **context: object) -> str:
    """The text of a template; every name it uses must be in `context`."""
    return _environment().get_template(template).render(context)


def library() -> dict[str, str]:
    """The synthesisable modules, by file name."""
    return _texts("sv")


def simulation_library() -> dict[str, str]:
    """The modules for simulation only, by file name; the package they import first."""
    return _texts("sim")


def _texts(folder: str) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted((HERE / folder).glob("*.sv"))}
