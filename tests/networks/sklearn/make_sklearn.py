"""Writes the networks beside it: scikit-learn's multi-layer perceptrons by skl2onnx, trained on its own small data sets.

    venv/bin/python tests/networks/sklearn/make_sklearn.py        (scikit-learn and skl2onnx, in an environment of their own)

With skl2onnx come Cast, Scaler, ArrayFeatureExtractor, ZipMap and labels as an output, float64 inputs, and a batch by name.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
from sklearn.datasets import load_iris
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

FOLDER = Path(__file__).parent


def main() -> None:
    data, classes = load_iris(return_X_y=True)
    data = data.astype(np.float32)
    options = {"hidden_layer_sizes": (6,), "max_iter": 300, "random_state": 0}
    binary = classes > 0
    models = {
        "classifier": MLPClassifier(**options).fit(data, classes),
        "binary": MLPClassifier(**options, activation="logistic").fit(data, binary),
        "regressor": MLPRegressor(**options, activation="tanh").fit(data[:, :3], data[:, 3]),
        "scaled": make_pipeline(StandardScaler(), MLPClassifier(**options)).fit(data, classes),
        "between": make_pipeline(MinMaxScaler(), MLPRegressor(**options)).fit(data[:, :3], data[:, 3]),
    }
    for name, model in models.items():
        inputs = data.shape[1] if not hasattr(model, "n_features_in_") else model.n_features_in_
        for kind, element in (("float", FloatTensorType), ("double", DoubleTensorType)):
            if kind == "double" and name not in ("classifier", "regressor"):
                continue
            for zipmap in (True, False) if name == "classifier" and kind == "float" else (False,):
                classifier = name in ("classifier", "binary", "scaled")
                proto = convert_sklearn(
                    model,
                    initial_types=[("X", element([None, inputs]))],
                    options={"zipmap": zipmap} if classifier else None,
                    target_opset=18,
                )
                file = name + ("_zipmap" if zipmap else "") + ("_double" if kind == "double" else "")
                onnx.save(proto, FOLDER / f"{file}.onnx")


if __name__ == "__main__":
    main()
