"""split4ml: splits hls4ml dataflow designs into subgraphs and sizes every FIFO."""
