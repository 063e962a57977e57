"""Samples from datasets, loaders and objects by name; channels first."""

from __future__ import annotations

import numpy as np
import pytest

from netsuke.cli.inputs import read_inputs
from netsuke.compress.datasets import named_object, samples_of
from netsuke.compress.samples import gathered
from netsuke.errors import InputError
from netsuke.ops.unary import NoArgs
from netsuke.quantization import given_samples
from tests.compress.networks import Network, random
from tests.compress.test_quantize import conv_net


class Pictures:
    """A dataset as torch has them: a length, and items (image with its channels first, class)."""

    def __init__(self, count=5):
        self.images = random(count, 3, 8, 8)

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        if index >= len(self):
            raise IndexError(index)
        return self.images[index], index % 3


def loader(data, size):
    """Batches, as a loader gives them."""
    for start in range(0, len(data), size):
        items = [data[i] for i in range(start, min(start + size, len(data)))]
        yield [np.stack([image for image, _ in items]), np.array([label for _, label in items])]


def test_a_dataset_with_labels_and_channels_first():
    data = Pictures()
    found = samples_of(conv_net(), data)
    assert len(found) == 5
    np.testing.assert_array_equal(gathered(found).arrays[0], data.images.transpose(0, 2, 3, 1))
    np.testing.assert_array_equal(found.labels, [0, 1, 2, 0, 1])


def test_a_loader_gives_the_same():
    data = Pictures()
    one, other = samples_of(conv_net(), data), samples_of(conv_net(), loader(data, 2))
    np.testing.assert_array_equal(gathered(one).arrays[0], gathered(other).arrays[0])
    np.testing.assert_array_equal(one.labels, other.labels)


def test_tensors_of_torch():
    torch = pytest.importorskip("torch")
    x = torch.randn(4, 3, 8, 8, requires_grad=True)
    found = samples_of(conv_net(), torch.utils.data.TensorDataset(x, torch.arange(4)))
    np.testing.assert_array_equal(gathered(found).arrays[0], x.detach().numpy().transpose(0, 2, 3, 1))
    np.testing.assert_array_equal(found.labels, [0, 1, 2, 3])


def test_channels_last_is_taken_where_both_would_do():
    net = Network(x=(1, 3, 3, 3))
    net.add("relu", NoArgs(), ["x"], "y", (1, 3, 3, 3))
    image = random(3, 3, 3, 3)
    np.testing.assert_array_equal(gathered(samples_of(net.graph("y"), image)).arrays[0], image)


def test_inputs_of_a_build_may_have_their_channels_first(tmp_path):
    x = random(4, 3, 8, 8)
    np.save(tmp_path / "x.npy", x)
    rows = read_inputs(tmp_path / "x.npy", conv_net())
    np.testing.assert_array_equal(np.concatenate([r[0] for r in rows]), x.transpose(0, 2, 3, 1))


def test_an_object_by_name(tmp_path, monkeypatch):
    (tmp_path / "my_samples_of_test.py").write_text(
        "import numpy as np\n"
        "def data():\n    return [np.zeros((3, 8, 8), np.float32)] * 3\n"
        "few = [np.zeros((8, 8, 3), np.float32)]\n"
        "def broken():\n    raise RuntimeError('no disk')\n"
        "def unseen(many):\n    return many\n"
        "def half():\n    yield few[0]\n    raise KeyError('sample 1')\n"
        "def leave():\n    raise SystemExit(0)\n"
        "class Set:\n    def __getitem__(self, i):\n        return [few[0]][i]\n"
    )
    monkeypatch.chdir(tmp_path)
    assert len(given_samples(conv_net(), "my_samples_of_test:data")) == 3
    assert len(given_samples(conv_net(), "my_samples_of_test:few")) == 1
    assert len(given_samples(conv_net(), "my_samples_of_test:Set")) == 1, "a class is called, not indexed"
    with pytest.raises(InputError, match="my_samples_of_test:half failed: KeyError: 'sample 1'"):
        given_samples(conv_net(), "my_samples_of_test:half")
    for name, match in (
        ("my_samples_of_test:none", "a dataset or a function"),
        ("no_such_module_here:data", "there is no module 'no_such_module_here'"),
        ("my_samples_of_test:broken", "RuntimeError: no disk"),
        ("my_samples_of_test:unseen", "TypeError"),
        ("my_samples_of_test:leave", "SystemExit"),
    ):
        with pytest.raises(InputError, match=match):
            named_object(name)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (7, "got int; a dataset"),
        ([], "got no calibration samples"),
        ([(random(3, 8, 8), random(3, 8, 8), 1)], "sample 0: got 3 values"),
        ([(random(2, 3, 8, 8), np.arange(3))], "got 3 labels for 2 samples"),
        ([random(3, 8, 8), random(3, 8, 9)], r"sample 1: got shape \[3, 8, 9\]"),
    ],
)
def test_what_is_no_dataset_for_the_model(given, match):
    with pytest.raises(InputError, match=match):
        samples_of(conv_net(), given)
