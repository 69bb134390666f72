"""Reports of Vitis HLS and Vivado HLS: initiation intervals and depths that need not be estimated."""
