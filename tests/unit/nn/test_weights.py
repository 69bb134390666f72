"""Blobs: the same array has the same name, damage is seen, nothing leaves the folder."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from split4ml.compiler.blobstore import BlobStore
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.weights import Floats, MemoryStore, decode, encode, name_of

FLOATS = arrays.arrays(np.float32, arrays.array_shapes(min_dims=0, max_dims=4, max_side=4))


@given(FLOATS)
def test_any_array(array: Floats) -> None:
    store = MemoryStore()
    name = store.put(array)
    found = store.get(name)
    assert found.tobytes() == array.tobytes()
    assert found.shape == array.shape
    assert store.put(np.array(array, order="F")) == name
    assert name_of(encode(found)) == name


def test_one_order_of_bytes() -> None:
    array = np.array([[1.5, 2], [3, 4]], np.float32)
    assert encode(array) == encode(array.astype(">f4")) == encode(array.astype(np.float64))
    assert encode(array) != encode(array.reshape(4))


def test_files_are_numpy_and_named_by_their_digest(tmp_path: Path) -> None:
    store = BlobStore()
    name = store.put(np.arange(6.0).reshape(2, 3))
    assert list(tmp_path.iterdir()) == [], "nothing is written before the flush"
    store.flush(tmp_path / "weights")
    (path,) = (tmp_path / "weights").iterdir()
    assert f"sha256:{sha256(path.read_bytes()).hexdigest()}" == name == f"sha256:{path.stem}"
    assert np.load(path).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert BlobStore([tmp_path / "absent", tmp_path / "weights"]).get(name).shape == (2, 3)


def test_flush_copies_what_another_build_has(tmp_path: Path) -> None:
    first = BlobStore()
    name = first.put(np.ones(3))
    first.flush(tmp_path / "a")
    second = BlobStore([tmp_path / "a"])
    second.flush(tmp_path / "b", [name])
    assert BlobStore([tmp_path / "b"]).get(name).tolist() == [1, 1, 1]


def test_missing(tmp_path: Path) -> None:
    name = name_of(b"")
    for store in (MemoryStore(), BlobStore(), BlobStore([tmp_path])):
        with pytest.raises(Split4mlError, match=f"there is no blob {name}"):
            store.get(name)


@pytest.mark.parametrize("name", ["sha256:../../etc/passwd", "/etc/passwd", "", "sha256:" + "A" * 64])
def test_hostile_names(name: str, tmp_path: Path) -> None:
    with pytest.raises(Split4mlError, match="names no blob"):
        BlobStore([tmp_path]).get(name)
    with pytest.raises(Split4mlError, match="names no blob"):
        BlobStore([tmp_path]).flush(tmp_path / "out", [name])


def test_damage(tmp_path: Path) -> None:
    store = BlobStore()
    name = store.put(np.ones(3))
    store.flush(tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Split4mlError, match="damaged"):
        BlobStore([tmp_path]).get(name)


@pytest.mark.parametrize("content", [b"", b"hello", encode(np.ones(1))[:-2], b"\x93NUMPY\x01\x00\xff\xff{"])
def test_rightly_named_nonsense(content: bytes) -> None:
    with pytest.raises(Split4mlError):
        decode(content, name_of(content))


@given(st.data())
def test_a_flipped_byte_with_a_right_name(data: st.DataObject) -> None:
    content = bytearray(encode(np.ones((2, 3))))
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        decode(bytes(content), name_of(bytes(content)))
    except Split4mlError:
        pass
