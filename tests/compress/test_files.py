"""Samples from files, whole and broken."""

from __future__ import annotations

import numpy as np
import pytest

from netsuke.compress.datasets import samples_of
from netsuke.compress.files import Stored, read_arrays, read_samples
from netsuke.compress.samples import gathered
from netsuke.errors import InputError
from tests.compress.networks import random
from tests.compress.test_quantize import conv_net


@pytest.fixture
def graph():
    return conv_net()


def test_an_npz_with_labels(graph, tmp_path):
    x = random(5, 8, 8, 3)
    np.savez(tmp_path / "a.npz", x=x, labels=np.arange(5))
    found = read_samples(graph, tmp_path / "a.npz")
    assert (found.arrays[0] == x).all()
    assert found.labels.tolist() == [0, 1, 2, 3, 4]


def test_one_array_under_another_name_and_type(graph, tmp_path):
    np.savez(tmp_path / "a.npz", images=random(5, 1, 8, 8, 3).astype(np.float64))
    found = read_samples(graph, tmp_path / "a.npz")
    assert found.arrays[0].shape == (5, 8, 8, 3)
    assert found.arrays[0].dtype == np.float32


def test_one_sample(graph, tmp_path):
    np.save(tmp_path / "a.npy", random(1, 8, 8, 3))
    assert len(read_samples(graph, tmp_path / "a.npy")) == 1
    np.save(tmp_path / "a.npy", random(8, 8, 3))
    assert len(read_samples(graph, tmp_path / "a.npy")) == 1


def test_integers_need_a_scale(graph, tmp_path):
    np.save(tmp_path / "a.npy", np.full((2, 8, 8, 3), 10, np.uint8))
    with pytest.raises(InputError, match="--data-scale"):
        read_samples(graph, tmp_path / "a.npy")
    found = read_samples(graph, tmp_path / "a.npy", Stored(scale=0.5, zero_point=4))
    assert set(found.arrays[0].reshape(-1).tolist()) == {3.0}


def test_a_folder_is_read_file_by_file(graph, tmp_path):
    whole = random(11, 8, 8, 3)
    for number, part in enumerate(np.split(whole, [3, 4, 9])):
        np.save(tmp_path / f"{number}.npy", part)
    found = read_samples(graph, tmp_path)
    assert len(found) == 11
    assert [len(batch[0]) for batch in found.batches(4)] == [4, 4, 3]
    assert (np.concatenate([b[0] for b in found.batches(4)]) == whole).all()
    assert found.labels is None
    assert (gathered(found).arrays[0] == whole).all()
    assert len(gathered(found, 3)) == 3


def test_subfolders_are_classes(graph, tmp_path):
    for name in ("dog", "cat"):
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "0.npy", random(2, 8, 8, 3))
    assert read_samples(graph, tmp_path).labels.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": random(4, 8, 8, 1)}, r"\[N, 8, 8, 3\] was wanted"),
        ({"x": random(0, 8, 8, 3)}, "no calibration samples"),
        ({"x": random(4, 8, 8, 3), "labels": np.arange(3)}, "as many for each"),
        ({"x": random(4, 8, 8, 3), "labels": random(4)}, "class numbers"),
        ({"a": random(4, 8, 8, 3), "b": random(4, 8, 8, 3)}, "the model takes x"),
        ({"x": np.array(["a"])}, "numbers were wanted"),
        ({}, "holds nothing"),
    ],
)
def test_wrong_arrays(graph, tmp_path, arrays, said):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(InputError, match=said):
        read_samples(graph, tmp_path / "a.npz")


def test_wrong_files(graph, tmp_path):
    with pytest.raises(InputError, match="cannot read"):
        read_samples(graph, tmp_path / "none.npz")
    (tmp_path / "bad.npz").write_bytes(b"PK\x03\x04nothing")
    with pytest.raises(InputError, match="plain numbers"):
        read_samples(graph, tmp_path / "bad.npz")
    np.save(tmp_path / "o.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="plain numbers"):
        read_samples(graph, tmp_path / "o.npy")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"holds no \.npz or \.npy"):
        read_samples(graph, tmp_path / "empty")


def test_arrays_from_python(graph):
    assert len(samples_of(graph, random(3, 8, 8, 3))) == 3
    assert len(samples_of(graph, (x for x in [(random(1, 8, 8, 3),)] * 4))) == 4
    with pytest.raises(InputError, match=r"\[N, 8, 8, 3\] was wanted"):
        samples_of(graph, random(3, 8, 3))


@pytest.mark.parametrize("save", [np.save, np.savez, np.savez_compressed])
def test_a_damaged_file_is_one_error(tmp_path, save):
    """Whatever numpy, zipfile, zlib or tokenize raise for it."""
    path = tmp_path / ("a.npy" if save is np.save else "a.npz")
    save(path, random(3, 4))
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 3):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            read_arrays(path)
        except InputError:
            refused += 1
    assert refused > 30


def test_an_array_larger_than_memory(tmp_path):
    header = {"descr": "<f4", "fortran_order": False, "shape": (10**14,)}
    with (tmp_path / "a.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(InputError, match="more than fits into memory"):
        read_arrays(tmp_path / "a.npy")
