"""Everything that knows hls4ml: building, describing, saving, slicing, writing and C-simulating its graphs.

The only package that imports hls4ml (1.3): what is assumed about it is listed in docs/hls4ml.md and tested in
tests/unit/hls4ml/.
"""
