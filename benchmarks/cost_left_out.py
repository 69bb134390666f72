"""The cost model's laws without one source each. Made by benchmarks/cost_fit.py; do not edit."""

from __future__ import annotations

from collections.abc import Mapping

from split4ml.passes.cost.laws import Law

LEFT_OUT: Mapping[str, Mapping[tuple[str, str], Law]] = {
    "Alezander9/ML_FPGAonPixel": {
        ("unrolled", "lut"): Law(
            coefficients={
                "adds": 0.7851,
                "shift-adds": 2.058,
                "multipliers": 0.6394,
                "dsps": 8.09,
                "shared": 0.757,
                "window": 1.808,
            },
            low=0.45,
            high=1.8,
            rows=163,
            sources=12,
        ),
        ("unrolled", "ff"): Law(
            coefficients={"stages": 0.5186, "stages, vivado": 0.2632, "window": 0.4813},
            low=0.29,
            high=4.0,
            rows=163,
            sources=12,
        ),
        ("resource", "lut"): Law(
            coefficients={"one": 1173.0, "token": 1.282, "outputs": 2.707, "selected": 8.939},
            low=0.5,
            high=1.9,
            rows=256,
            sources=8,
        ),
        ("resource", "ff"): Law(
            coefficients={"one": 200.6, "inputs": 2.508, "outputs": 2.316, "parallel": 2.733},
            low=0.53,
            high=1.7,
            rows=256,
            sources=8,
        ),
        ("relu", "lut"): Law(
            coefficients={"one": 65.95, "bits": 2.702, "saturated": 4.859},
            low=0.43,
            high=1.7,
            rows=144,
            sources=15,
        ),
        ("relu", "ff"): Law(coefficients={"one": 53.57}, low=0.23, high=5.5, rows=144, sources=15),
        ("table", "lut"): Law(
            coefficients={"one": 33.13, "bits": 6.987}, low=0.69, high=1.5, rows=7, sources=4
        ),
        ("table", "ff"): Law(coefficients={"one": 14.45}, low=0.55, high=2.2, rows=7, sources=4),
        ("affine", "lut"): Law(coefficients={"output": 2.262}, low=0.51, high=2.0, rows=18, sources=4),
        ("affine", "ff"): Law(coefficients={"output": 1.024}, low=0.13, high=17.0, rows=18, sources=4),
        ("zero-padding", "lut"): Law(
            coefficients={"one": 165.7, "2d": 45.67, "bits": 1.739}, low=0.52, high=2.0, rows=54, sources=4
        ),
        ("zero-padding", "ff"): Law(coefficients={"one": 27.58}, low=0.6, high=1.4, rows=54, sources=4),
        ("pooling", "lut"): Law(
            coefficients={"one": 881.0, "window": 2.536}, low=0.59, high=2.1, rows=52, sources=8
        ),
        ("pooling", "ff"): Law(
            coefficients={"one": 602.8, "window": 1.484}, low=0.3, high=1.8, rows=52, sources=8
        ),
    },
    "ArgyKokk/hls4ml_MLP_estimator": {
        ("unrolled", "lut"): Law(
            coefficients={
                "adds": 0.8438,
                "shift-adds": 2.577,
                "multipliers": 0.5576,
                "dsps": 5.71,
                "shared": 0.5461,
                "window": 1.566,
            },
            low=0.38,
            high=1.5,
            rows=56,
            sources=12,
        ),
        ("unrolled", "ff"): Law(
            coefficients={"stages": 0.3111, "stages, vivado": 0.4196, "window": 1.78},
            low=0.29,
            high=4.5,
            rows=56,
            sources=12,
        ),
        ("relu", "lut"): Law(
            coefficients={"one": 81.43, "bits": 2.635, "rounded": 2.127, "saturated": 1.889},
            low=0.63,
            high=1.5,
            rows=73,
            sources=15,
        ),
        ("relu", "ff"): Law(
            coefficients={"one": 33.83, "bits": 0.08289}, low=0.25, high=5.6, rows=73, sources=15
        ),
        ("softmax", "lut"): Law(coefficients={"bits": 7.467}, low=0.74, high=2.9, rows=26, sources=9),
        ("softmax", "ff"): Law(
            coefficients={"one": 120.8, "bits": 3.045}, low=0.57, high=4.8, rows=26, sources=9
        ),
        ("affine", "lut"): Law(coefficients={"output": 2.775}, low=0.46, high=1.8, rows=10, sources=4),
        ("affine", "ff"): Law(coefficients={"output": 1.313}, low=0.49, high=15.0, rows=10, sources=4),
    },
    "Brainz22/L1JetTagger": {
        ("unrolled", "lut"): Law(
            coefficients={
                "adds": 0.7945,
                "shift-adds": 1.768,
                "multipliers": 0.5634,
                "dsps": 5.661,
                "shared": 0.8028,
                "outputs": 1.564,
                "window": 1.762,
            },
            low=0.47,
            high=1.8,
            rows=168,
            sources=12,
        ),
        ("unrolled", "ff"): Law(
            coefficients={"stages": 0.4908, "stages, vivado": 0.306, "window": 0.5415},
            low=0.46,
            high=9.8,
            rows=168,
            sources=12,
        ),
        ("relu", "lut"): Law(
            coefficients={"one": 63.93, "bits": 2.71, "saturated": 4.61},
            low=0.59,
            high=1.7,
            rows=148,
            sources=15,
        ),
        ("relu", "ff"): Law(coefficients={"one": 20.79}, low=0.52, high=7.4, rows=148, sources=15),
        ("table", "lut"): Law(coefficients={"bits": 10.57}, low=0.67, high=1.6, rows=7, sources=4),
        ("table", "ff"): Law(
            coefficients={"one": 5.563, "bits": 0.9437}, low=0.53, high=2.0, rows=7, sources=4
        ),
        ("global-pooling", "lut"): Law(
            coefficients={"one": 37.6, "bits": 3.644}, low=0.69, high=2.2, rows=5, sources=3
        ),
        ("global-pooling", "ff"): Law(
            coefficients={"one": 3.041, "bits": 2.025}, low=0.61, high=1.3, rows=5, sources=3
        ),
    },
    "CestMerNeil/FPGA_Accelerator4NN_Inference": {
        ("unrolled", "lut"): Law(
            coefficients={
                "adds": 0.8216,
                "shift-adds": 1.893,
                "multipliers": 0.6244,
                "dsps": 7.617,
                "shared": 0.7771,
                "window": 1.129,
            },
            low=0.47,
            high=1.8,
            rows=165,
            sources=12,
        ),
        ("unrolled", "ff"): Law(
            coefficients={"stages": 0.512, "stages, vivado": 0.2495}, low=0.22, high=4.0, rows=165, sources=12
        ),
        ("relu", "lut"): Law(
            coefficients={"one": 65.2, "bits": 2.708, "saturated": 3.323},
            low=0.47,
            high=1.8,
            rows=149,
            sources=15,
        ),
        ("relu", "ff"): Law(
            coefficients={"one": 18.04, "bits": 0.004898}, low=0.45, high=6.0, rows=149, sources=15
        ),
        ("softmax", "lut"): Law(
            coefficients={"bits": 7.363, "multipliers": 1.467}, low=0.76, high=2.7, rows=61, sources=9
        ),
        ("softmax", "ff"): Law(
            coefficients={"one": 178.1, "bits": 3.896}, low=0.49, high=3.0, rows=61, sources=9
        ),
        ("pooling", "lut"): Law(
            coefficients={"one": 663.8, "window": 2.758}, low=0.59, high=1.3, rows=52, sources=8
        ),
        ("pooling", "ff"): Law(
            coefficients={"one": 581.8, "window": 1.455}, low=0.29, high=1.6, rows=52, sources=8
        ),
    },
    "ChiRuiChen/AutoEncoder_hls4ml": {
        ("resource", "lut"): Law(
            coefficients={
                "one": 921.4,
                "token": 1.69,
                "inputs, vivado": 0.5196,
                "outputs": 3.633,
                "selected": 8.222,
            },
            low=0.46,
            high=1.8,
            rows=252,
            sources=8,
        ),
        ("resource", "ff"): Law(
            coefficients={"one": 34.03, "inputs": 2.955, "outputs": 2.538, "parallel": 2.616},
            low=0.5,
            high=1.7,
            rows=252,
            sources=8,
        ),
        ("relu", "lut"): Law(
            coefficients={"one": 63.49, "bits": 2.733, "saturated": 3.771},
            low=0.45,
            high=1.7,
            rows=144,
            sources=15,
        ),
        ("relu", "ff"): Law(
            coefficients={"one": 15.46, "bits": 0.007583}, low=0.52, high=7.7, rows=144, sources=15
        ),
        ("zero-padding", "lut"): Law(
            coefficients={"one": 165.7, "2d": 218.9, "bits": 1.601}, low=0.57, high=2.0, rows=49, sources=4
        ),
        ("zero-padding", "ff"): Law(coefficients={"one": 30.8}, low=0.61, high=3.4, rows=49, sources=4),
        ("pooling", "lut"): Law(
            coefficients={"one": 860.7, "window": 2.65}, low=0.65, high=2.1, rows=51, sources=8
        ),
        ("pooling", "ff"): Law(
            coefficients={"one": 586.2, "window": 1.32}, low=0.35, high=2.0, rows=51, sources=8
        ),
        ("resize", "lut"): Law(coefficients={"one": 481.0}, low=0.5, high=2.0, rows=1, sources=1),
        ("resize", "ff"): Law(coefficients={"one": 466.0}, low=0.5, high=2.0, rows=1, sources=1),
    },
    "HeRCLab/N-TORC": {
        ("unrolled", "lut"): Law(
            coefficients={
                "adds": 0.9727,
                "shift-adds": 1.196,
                "multipliers": 0.6145,
                "dsps": 4.437,
                "shared": 0.7393,
                "outputs": 0.02045,
                "window": 1.467,
            },
            low=0.52,
            high=1.4,
            rows=161,
            sources=12,
        ),
        ("unrolled", "ff"): Law(
            coefficients={"stages": 0.4717, "window": 0.9807}, low=0.17, high=2.8, rows=161, sources=12
        ),
        ("resource", "lut"): Law(
            coefficients={"one": 1394.0, "token": 0.1737, "outputs": 2.353, "selected": 5.94},
            low=0.65,
            high=2.5,
            rows=48,
            sources=8,
        ),
        ("resource", "ff"): Law(
            coefficients={"one": 206.0, "inputs": 2.194, "outputs": 2.316, "parallel": 1.579},
            low=0.47,
            high=1.7,
            rows=48,
            sources=8,
        ),
        ("recurrent", "lut"): Law(
            coefficients={"one": 32560.0, "parallel": 7.39}, low=0.2, high=3.8, rows=4, sources=1
        ),
        ("recurrent", "ff"): Law(
            coefficients={"parallel": 0.2107, "state": 24.63}, low=0.42, high=2.6, rows=4, sources=1
        ),
    },
    "Keb-L/hls4ml-data": {
        ("softmax", "lut"): Law(
            coefficients={"bits": 8.327, "multipliers": 1.407}, low=0.68, high=2.6, rows=48, sources=9
        ),
        ("softmax", "ff"): Law(coefficients={"bits": 9.537}, low=0.29, high=2.1, rows=48, sources=9),
        ("zero-padding", "lut"): Law(
            coefficients={"one": 165.0, "2d": 227.9}, low=0.74, high=2.9, rows=14, sources=4
        ),
        ("zero-padding", "ff"): Law(
            coefficients={"one": 27.09, "bits": 0.01977}, low=0.62, high=2.1, rows=14, sources=4
        ),
        ("pooling", "lut"): Law(
            coefficients={"one": 905.7, "window": 2.374}, low=0.6, high=2.1, rows=26, sources=8
        ),
        ("pooling", "ff"): Law(
            coefficients={"one": 492.7, "window": 1.773, "line": 0.9344},
            low=0.38,
            high=1.9,
            rows=26,
            sources=8,
        ),
    },
    "SpAllen0726/HG-DREAM-Pulse-Detection-Project": {
        ("relu", "lut"): Law(
            coefficients={"one": 74.25, "bits": 2.671, "saturated": 3.02},
            low=0.48,
            high=1.9,
            rows=147,
            sources=15,
        ),
        ("relu", "ff"): Law(coefficients={"one": 18.76}, low=0.6, high=6.0, rows=147, sources=15),
        ("hard-sigmoid", "lut"): Law(
            coefficients={"one": 271.2, "bits": 6.867}, low=0.5, high=2.0, rows=4, sources=1
        ),
        ("hard-sigmoid", "ff"): Law(coefficients={"bits": 1.892}, low=0.5, high=2.0, rows=4, sources=1),
        ("zero-padding", "lut"): Law(
            coefficients={"one": 157.0, "2d": 149.3, "bits": 1.444}, low=0.8, high=5.2, rows=52, sources=4
        ),
        ("zero-padding", "ff"): Law(coefficients={"one": 33.73}, low=0.61, high=3.1, rows=52, sources=4),
        ("resize", "lut"): Law(
            coefficients={"one": 294.4, "row": 0.297}, low=0.5, high=2.0, rows=3, sources=1
        ),
        ("resize", "ff"): Law(
            coefficients={"one": 21.44, "row": 1.018}, low=0.5, high=2.0, rows=3, sources=1
        ),
    },
    "Thifjj/Iris_hls4ml_pynqZ2": {
        ("unrolled", "lut"): Law(
            coefficients={
                "adds": 0.8163,
                "shift-adds": 1.913,
                "multipliers": 0.6235,
                "dsps": 4.223,
                "shared": 0.7861,
                "window": 1.78,
            },
            low=0.47,
            high=1.8,
            rows=167,
            sources=12,
        ),
        ("unrolled", "ff"): Law(
            coefficients={"stages": 0.4533, "stages, vivado": 0.3235, "window": 0.8975},
            low=0.45,
            high=3.5,
            rows=167,
            sources=12,
        ),
        ("relu", "lut"): Law(
            coefficients={"one": 72.87, "bits": 2.733, "saturated": 3.619},
            low=0.46,
            high=1.8,
            rows=149,
            sources=15,
        ),
        ("relu", "ff"): Law(coefficients={"one": 30.97}, low=0.32, high=7.2, rows=149, sources=15),
        ("softmax", "lut"): Law(
            coefficients={"one": 0.2735, "bits": 8.038, "multipliers": 1.425},
            low=0.7,
            high=2.7,
            rows=61,
            sources=9,
        ),
        ("softmax", "ff"): Law(
            coefficients={"one": 60.46, "bits": 5.202}, low=0.47, high=3.3, rows=61, sources=9
        ),
    },
    "abdennour-GUESSOUM/Lenet5-hls4ml": {
        ("unrolled", "lut"): Law(
            coefficients={
                "adds": 0.7765,
                "shift-adds": 2.001,
                "multipliers": 0.6409,
                "dsps": 7.809,
                "shared": 0.795,
                "window": 1.791,
            },
            low=0.46,
            high=1.8,
            rows=165,
            sources=12,
        ),
        ("unrolled", "ff"): Law(
            coefficients={"stages": 0.5233, "stages, vivado": 0.2604, "window": 0.3131},
            low=0.46,
            high=9.1,
            rows=165,
            sources=12,
        ),
        ("hard-sigmoid", "lut"): Law(coefficients={"bits": 15.44}, low=0.5, high=2.0, rows=1, sources=1),
        ("hard-sigmoid", "ff"): Law(coefficients={"bits": 3.0}, low=0.5, high=2.0, rows=1, sources=1),
        ("softmax", "lut"): Law(
            coefficients={"bits": 7.373, "multipliers": 1.467}, low=0.75, high=2.9, rows=61, sources=9
        ),
        ("softmax", "ff"): Law(
            coefficients={"one": 42.97, "bits": 6.243}, low=0.42, high=2.9, rows=61, sources=9
        ),
        ("affine", "lut"): Law(coefficients={"output": 2.756}, low=0.42, high=1.6, rows=20, sources=4),
        ("affine", "ff"): Law(coefficients={"output": 0.9985}, low=0.34, high=20.0, rows=20, sources=4),
        ("pooling", "lut"): Law(
            coefficients={"one": 812.9, "window": 2.528}, low=0.6, high=2.4, rows=52, sources=8
        ),
        ("pooling", "ff"): Law(
            coefficients={"one": 605.4, "window": 1.416}, low=0.33, high=1.8, rows=52, sources=8
        ),
    },
    "albertc9/CNN4HW": {
        ("unrolled", "lut"): Law(
            coefficients={
                "adds": 0.8372,
                "shift-adds": 1.809,
                "multipliers": 0.6231,
                "dsps": 6.855,
                "shared": 0.82,
                "window": 1.732,
            },
            low=0.47,
            high=1.8,
            rows=166,
            sources=12,
        ),
        ("unrolled", "ff"): Law(
            coefficients={"stages": 0.4773, "stages, vivado": 0.3046, "window": 0.4777},
            low=0.45,
            high=10.0,
            rows=166,
            sources=12,
        ),
        ("resource", "lut"): Law(
            coefficients={"one": 1059.0, "token": 1.043, "outputs": 2.874, "selected": 9.679},
            low=0.59,
            high=2.3,
            rows=257,
            sources=8,
        ),
        ("resource", "ff"): Law(
            coefficients={"one": 35.7, "inputs": 2.908, "outputs": 2.529, "parallel": 2.633},
            low=0.51,
            high=1.6,
            rows=257,
            sources=8,
        ),
        ("relu", "lut"): Law(
            coefficients={"one": 65.26, "bits": 2.618, "saturated": 4.061},
            low=0.45,
            high=1.8,
            rows=147,
            sources=15,
        ),
        ("relu", "ff"): Law(
            coefficients={"one": 16.97, "bits": 0.005416}, low=0.49, high=7.6, rows=147, sources=15
        ),
        ("table", "lut"): Law(coefficients={"bits": 9.859}, low=0.64, high=1.7, rows=6, sources=4),
        ("table", "ff"): Law(coefficients={"bits": 0.9092}, low=0.6, high=2.2, rows=6, sources=4),
    },
    "alex-yang-upenn/vitis_accel_backend_test": {
        ("unrolled", "lut"): Law(
            coefficients={
                "adds": 0.8293,
                "shift-adds": 1.645,
                "multipliers": 0.6307,
                "dsps": 7.548,
                "shared": 0.8253,
                "window": 1.757,
            },
            low=0.47,
            high=1.8,
            rows=166,
            sources=12,
        ),
        ("unrolled", "ff"): Law(
            coefficients={"stages": 0.5307, "stages, vivado": 0.2545, "window": 0.1885},
            low=0.46,
            high=9.0,
            rows=166,
            sources=12,
        ),
        ("relu", "lut"): Law(
            coefficients={"one": 65.75, "bits": 2.703, "saturated": 4.245},
            low=0.45,
            high=1.8,
            rows=148,
            sources=15,
        ),
        ("relu", "ff"): Law(
            coefficients={"one": 25.84, "bits": 0.03405}, low=0.23, high=5.7, rows=148, sources=15
        ),
        ("softmax", "lut"): Law(
            coefficients={"bits": 8.062, "multipliers": 1.424}, low=0.73, high=2.7, rows=61, sources=9
        ),
        ("softmax", "ff"): Law(
            coefficients={"one": 127.4, "bits": 5.088}, low=0.44, high=3.3, rows=61, sources=9
        ),
    },
    "mattwilk25/CoaxlinkQuadCxp12_1cam_working": {
        ("unrolled", "lut"): Law(
            coefficients={
                "adds": 0.7894,
                "shift-adds": 1.879,
                "multipliers": 0.6336,
                "dsps": 7.845,
                "shared": 0.8153,
                "window": 1.777,
            },
            low=0.48,
            high=1.9,
            rows=169,
            sources=12,
        ),
        ("unrolled", "ff"): Law(
            coefficients={"stages": 0.5053, "stages, vivado": 0.2763, "window": 0.5062},
            low=0.47,
            high=9.5,
            rows=169,
            sources=12,
        ),
        ("resource", "lut"): Law(
            coefficients={"one": 1154.0, "token": 1.086, "outputs": 2.547, "selected": 9.113},
            low=0.59,
            high=2.3,
            rows=255,
            sources=8,
        ),
        ("resource", "ff"): Law(
            coefficients={"one": 124.9, "inputs": 2.436, "outputs": 2.434, "parallel": 2.771},
            low=0.54,
            high=1.6,
            rows=255,
            sources=8,
        ),
        ("relu", "lut"): Law(
            coefficients={"one": 69.91, "bits": 2.749, "saturated": 3.625},
            low=0.46,
            high=1.8,
            rows=147,
            sources=15,
        ),
        ("relu", "ff"): Law(
            coefficients={"one": 16.93, "bits": 0.005544}, low=0.49, high=7.6, rows=147, sources=15
        ),
        ("pooling", "lut"): Law(
            coefficients={"one": 841.3, "window": 2.681}, low=0.57, high=2.1, rows=51, sources=8
        ),
        ("pooling", "ff"): Law(
            coefficients={"one": 542.2, "window": 1.376, "line": 1.73}, low=0.28, high=1.8, rows=51, sources=8
        ),
        ("global-pooling", "lut"): Law(
            coefficients={"one": 2240.0, "bits": 1.574}, low=0.24, high=1.2, rows=5, sources=3
        ),
        ("global-pooling", "ff"): Law(
            coefficients={"one": 1075.0, "bits": 0.8609}, low=0.3, high=7.8, rows=5, sources=3
        ),
    },
    "nicologhielmetti/hls4ml-pynq": {
        ("resource", "lut"): Law(
            coefficients={"one": 1009.0, "token": 1.028, "outputs": 3.141, "selected": 9.429},
            low=0.58,
            high=2.3,
            rows=255,
            sources=8,
        ),
        ("resource", "ff"): Law(
            coefficients={"one": 159.4, "inputs": 2.348, "outputs": 2.535, "parallel": 2.876},
            low=0.53,
            high=1.7,
            rows=255,
            sources=8,
        ),
        ("relu", "lut"): Law(
            coefficients={"one": 73.72, "bits": 2.66, "saturated": 3.206},
            low=0.48,
            high=1.7,
            rows=148,
            sources=15,
        ),
        ("relu", "ff"): Law(
            coefficients={"one": 25.83, "bits": 0.03395}, low=0.23, high=5.7, rows=148, sources=15
        ),
        ("softmax", "lut"): Law(
            coefficients={"bits": 8.043, "multipliers": 1.425}, low=0.7, high=2.7, rows=61, sources=9
        ),
        ("softmax", "ff"): Law(
            coefficients={"one": 105.8, "bits": 4.667}, low=0.45, high=3.4, rows=61, sources=9
        ),
    },
    "pominiq/DNNonSilicon": {
        ("unrolled", "lut"): Law(
            coefficients={
                "adds": 0.8486,
                "shift-adds": 1.771,
                "multipliers": 0.6217,
                "dsps": 6.879,
                "shared": 0.5737,
                "window": 1.728,
            },
            low=0.47,
            high=1.8,
            rows=168,
            sources=12,
        ),
        ("unrolled", "ff"): Law(
            coefficients={"stages": 0.4901, "stages, vivado": 0.2989, "window": 0.5588},
            low=0.47,
            high=9.9,
            rows=168,
            sources=12,
        ),
        ("relu", "lut"): Law(
            coefficients={"one": 75.02, "bits": 2.553, "saturated": 4.085},
            low=0.47,
            high=1.8,
            rows=147,
            sources=15,
        ),
        ("relu", "ff"): Law(
            coefficients={"one": 23.7, "bits": 0.07497}, low=0.22, high=5.7, rows=147, sources=15
        ),
        ("softmax", "lut"): Law(
            coefficients={"bits": 7.363, "multipliers": 1.467}, low=0.76, high=2.9, rows=61, sources=9
        ),
        ("softmax", "ff"): Law(
            coefficients={"one": 178.1, "bits": 3.896}, low=0.49, high=3.7, rows=61, sources=9
        ),
        ("affine", "lut"): Law(coefficients={"output": 2.049}, low=0.59, high=2.3, rows=20, sources=4),
        ("affine", "ff"): Law(coefficients={"output": 0.9305}, low=0.4, high=2.5, rows=20, sources=4),
        ("pooling", "lut"): Law(
            coefficients={"one": 941.4, "window": 2.236}, low=0.62, high=1.8, rows=52, sources=8
        ),
        ("pooling", "ff"): Law(
            coefficients={"one": 1009.0, "window": 0.6615}, low=0.46, high=1.5, rows=52, sources=8
        ),
    },
    "seanlipps/ECE226_CoDesign": {
        ("unrolled", "lut"): Law(
            coefficients={
                "adds": 0.8266,
                "shift-adds": 1.853,
                "multipliers": 0.6241,
                "dsps": 8.469,
                "shared": 0.7514,
                "window": 1.745,
            },
            low=0.47,
            high=1.8,
            rows=168,
            sources=12,
        ),
        ("unrolled", "ff"): Law(
            coefficients={"stages": 0.5116, "stages, vivado": 0.2705, "window": 0.4608},
            low=0.46,
            high=9.4,
            rows=168,
            sources=12,
        ),
        ("relu", "lut"): Law(
            coefficients={"one": 68.23, "bits": 2.739, "saturated": 3.679},
            low=0.46,
            high=1.8,
            rows=150,
            sources=15,
        ),
        ("relu", "ff"): Law(coefficients={"one": 27.76}, low=0.31, high=7.4, rows=150, sources=15),
        ("softmax", "lut"): Law(
            coefficients={"bits": 8.065, "multipliers": 1.424}, low=0.7, high=2.7, rows=61, sources=9
        ),
        ("softmax", "ff"): Law(
            coefficients={"one": 91.01, "bits": 5.563}, low=0.43, high=3.2, rows=61, sources=9
        ),
        ("zero-padding", "lut"): Law(
            coefficients={"one": 173.0, "2d": 133.3, "bits": 1.444}, low=0.8, high=5.7, rows=55, sources=4
        ),
        ("zero-padding", "ff"): Law(coefficients={"one": 32.73}, low=0.61, high=3.2, rows=55, sources=4),
        ("global-pooling", "lut"): Law(
            coefficients={"one": 40.87, "bits": 4.596}, low=0.025, high=1.2, rows=5, sources=3
        ),
        ("global-pooling", "ff"): Law(
            coefficients={"one": 4.991, "bits": 2.342}, low=0.031, high=8.3, rows=5, sources=3
        ),
    },
    "tsopeter/753-FPGA": {
        ("resource", "lut"): Law(
            coefficients={"one": 627.3, "token": 1.087, "outputs": 4.229, "selected": 9.262},
            low=0.53,
            high=2.1,
            rows=254,
            sources=8,
        ),
        ("resource", "ff"): Law(
            coefficients={"one": 122.8, "inputs": 2.277, "outputs": 2.392, "parallel": 2.831},
            low=0.58,
            high=1.8,
            rows=254,
            sources=8,
        ),
        ("relu", "lut"): Law(
            coefficients={"one": 38.66, "bits": 2.831, "saturated": 3.034},
            low=0.46,
            high=1.8,
            rows=146,
            sources=15,
        ),
        ("relu", "ff"): Law(coefficients={"one": 41.45}, low=0.27, high=5.5, rows=146, sources=15),
    },
    "uw-acme/HLS4ML_-NeutDetector": {
        ("resource", "lut"): Law(
            coefficients={"one": 1139.0, "token": 0.3004, "outputs": 3.725, "selected": 9.701},
            low=0.47,
            high=1.8,
            rows=247,
            sources=8,
        ),
        ("resource", "ff"): Law(
            coefficients={"one": 209.3, "inputs": 2.098, "outputs": 2.286, "parallel": 3.097},
            low=0.48,
            high=1.7,
            rows=247,
            sources=8,
        ),
        ("relu", "lut"): Law(
            coefficients={"one": 75.88, "bits": 2.504, "saturated": 4.214},
            low=0.46,
            high=1.8,
            rows=142,
            sources=15,
        ),
        ("relu", "ff"): Law(coefficients={"one": 17.43}, low=0.63, high=6.0, rows=142, sources=15),
        ("table", "lut"): Law(
            coefficients={"one": 18.52, "bits": 8.448}, low=0.64, high=1.8, rows=5, sources=4
        ),
        ("table", "ff"): Law(coefficients={"one": 8.738}, low=0.69, high=1.5, rows=5, sources=4),
        ("pooling", "lut"): Law(
            coefficients={"one": 861.9, "window": 2.437}, low=0.6, high=2.2, rows=48, sources=8
        ),
        ("pooling", "ff"): Law(
            coefficients={"one": 547.3, "window": 1.591}, low=0.31, high=1.9, rows=48, sources=8
        ),
        ("global-pooling", "lut"): Law(
            coefficients={"one": 40.91, "bits": 5.998}, low=0.043, high=1.2, rows=3, sources=3
        ),
        ("global-pooling", "ff"): Law(
            coefficients={"one": 4.731, "bits": 3.636}, low=0.047, high=8.2, rows=3, sources=3
        ),
    },
    "uw-acme/HLS4ML_VS_MANUAL": {
        ("unrolled", "lut"): Law(
            coefficients={
                "adds": 0.7792,
                "shift-adds": 2.032,
                "multipliers": 0.6288,
                "dsps": 8.274,
                "shared": 0.7736,
                "window": 1.849,
            },
            low=0.46,
            high=1.8,
            rows=158,
            sources=12,
        ),
        ("unrolled", "ff"): Law(
            coefficients={"stages": 0.4927, "stages, vivado": 0.629, "window": 0.4971},
            low=0.34,
            high=2.9,
            rows=158,
            sources=12,
        ),
        ("resource", "lut"): Law(
            coefficients={"one": 1108.0, "token": 0.8383, "outputs": 3.349, "selected": 9.539},
            low=0.55,
            high=2.1,
            rows=248,
            sources=8,
        ),
        ("resource", "ff"): Law(
            coefficients={"one": 237.4, "inputs": 2.193, "outputs": 2.071, "parallel": 3.11},
            low=0.55,
            high=1.4,
            rows=248,
            sources=8,
        ),
        ("recurrent", "lut"): Law(
            coefficients={"one": 6418.0, "parallel": 8.716, "state": 44.26},
            low=0.41,
            high=2.6,
            rows=184,
            sources=1,
        ),
        ("recurrent", "ff"): Law(
            coefficients={"one": 2747.0, "parallel": 2.935, "state": 16.16},
            low=0.42,
            high=2.0,
            rows=184,
            sources=1,
        ),
        ("relu", "lut"): Law(
            coefficients={"one": 67.24, "bits": 2.681, "saturated": 3.351},
            low=0.47,
            high=1.8,
            rows=136,
            sources=15,
        ),
        ("relu", "ff"): Law(coefficients={"one": 28.57}, low=0.24, high=5.9, rows=136, sources=15),
        ("table", "lut"): Law(coefficients={"bits": 10.36}, low=0.61, high=1.7, rows=7, sources=4),
        ("table", "ff"): Law(
            coefficients={"one": 5.563, "bits": 0.9437}, low=0.53, high=2.0, rows=7, sources=4
        ),
        ("softmax", "lut"): Law(
            coefficients={"bits": 7.345, "multipliers": 1.469}, low=0.76, high=2.9, rows=57, sources=9
        ),
        ("softmax", "ff"): Law(
            coefficients={"one": 147.4, "bits": 5.172}, low=0.36, high=3.3, rows=57, sources=9
        ),
        ("affine", "lut"): Law(coefficients={"output": 2.06}, low=0.48, high=1.9, rows=20, sources=4),
        ("affine", "ff"): Law(coefficients={"output": 1.074}, low=0.31, high=20.0, rows=20, sources=4),
        ("pooling", "lut"): Law(
            coefficients={"one": 795.6, "window": 2.648}, low=0.59, high=2.2, rows=48, sources=8
        ),
        ("pooling", "ff"): Law(
            coefficients={"one": 572.2, "window": 1.388}, low=0.31, high=2.0, rows=48, sources=8
        ),
    },
}
