"""lit: runs the RUN lines of tests/filecheck with the tools of the environment that lit itself runs in."""

# ruff: noqa: F821  (lit defines `config`)
# mypy: disable-error-code="name-defined"

from __future__ import annotations

import os
import sys

import lit.formats

config.name = "split4ml"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".s4ml", ".test"]
config.test_source_root = os.path.dirname(__file__)
config.excludes = ["Inputs", "Output"]

tools = os.path.dirname(sys.executable)
config.environment["PATH"] = os.pathsep.join((tools, os.environ["PATH"]))
# messages and help are compared; they must not depend on the terminal
config.environment["COLUMNS"] = "120"
config.environment["NO_COLOR"] = "1"
