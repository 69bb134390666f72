"""Token traces of hls4ml projects, from the very C++ that will be synthesised."""
