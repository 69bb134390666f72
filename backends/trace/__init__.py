"""Token traces of hls4ml projects, from the very C++ that will be synthesised."""

from split4ml.backends.trace.model import ProjectTrace
from split4ml.backends.trace.project import trace_project

__all__ = ["ProjectTrace", "trace_project"]
