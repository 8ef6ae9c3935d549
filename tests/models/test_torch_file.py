"""PyTorch's files give their tensors and nothing else: what their pickles ask for is never run."""

import contextlib
import os
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from graft_core.errors import ModelError
from graft_core.models.torch_file import open_torch_file
from graft_core.models.weights import read_weights


def equal(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> bool:
    """Same names, types and values."""
    return found.keys() == wanted.keys() and all(
        found[name].dtype == tensor.dtype and torch.equal(found[name], tensor) for name, tensor in wanted.items()
    )


def test_a_state_dict_comes_back_whatever_its_types_and_layouts(tmp_path: Path) -> None:
    base = torch.randn(6, 4)
    tensors = {
        "float": base,
        "transposed": base.T,
        "part of another": base[2:5, 1:3],
        "scalar": torch.tensor(3.5),
        "empty": torch.zeros(0, 3),
        "parameter": nn.Parameter(torch.ones(2), requires_grad=True).detach(),
        **{
            str(dtype): torch.tensor([1, 0, 1], dtype=dtype)
            for dtype in (
                torch.float16,
                torch.bfloat16,
                torch.float64,
                torch.int64,
                torch.int32,
                torch.uint8,
                torch.bool,
            )
        },
    }
    torch.save(tensors, tmp_path / "weights.pt")
    assert equal(open_torch_file(tmp_path / "weights.pt").read(), tensors)


def test_a_modules_own_state_dict_comes_back(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    torch.save(model.state_dict(), tmp_path / "weights.bin")
    assert equal(read_weights(tmp_path / "weights.bin").tensors, model.state_dict())


class Configuration:
    """Stands for the objects that training frameworks leave in their checkpoints."""

    def __init__(self) -> None:
        self.values = {"lr": 1e-5}
        self.names = ["a", "b"]


class ListLike(list[int]):
    """A container class of some framework."""


def test_a_training_checkpoint_gives_its_state_dict_though_it_holds_foreign_objects(tmp_path: Path) -> None:
    tensors = {"a.weight": torch.randn(3)}
    checkpoint = {
        "epoch": 3,
        "state_dict": OrderedDict(tensors),
        "hyper_parameters": Configuration(),
        "containers": [ListLike([1, 2]), Path("/somewhere"), {Configuration: {1, 2}}, OrderedDict(a=1)],
        "optimizer_states": [{"state": {0: {"exp_avg": torch.zeros(9)}}}],
    }
    torch.save(checkpoint, tmp_path / "last.ckpt")
    assert equal(open_torch_file(tmp_path / "last.ckpt").read(), tensors)


def test_what_data_parallel_training_puts_before_each_name_is_taken_off(tmp_path: Path) -> None:
    torch.save({"state_dict": {"module.a": torch.ones(1), "module.b": torch.ones(1)}}, tmp_path / "w.pt")
    assert set(open_torch_file(tmp_path / "w.pt").shapes) == {"a", "b"}


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_a_torchscript_archive_gives_its_state_dict(tmp_path: Path) -> None:
    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3))
            self.scale = nn.Parameter(torch.tensor(2.0))
            self.register_buffer("input_resolution", torch.tensor(224))

        def forward(self, x: Tensor) -> Tensor:
            return self.inner(x) * self.scale  # type: ignore[no-any-return]

    model = Outer().half()
    torch.jit.save(torch.jit.script(model), tmp_path / "scripted.pt")  # type: ignore[no-untyped-call]
    archive = open_torch_file(tmp_path / "scripted.pt")
    wanted = {name: tensor for name, tensor in model.state_dict().items() if name != "input_resolution"}
    assert archive.scripted
    assert equal(archive.read(), wanted)


class Attack:
    """Asks for a function call when it is unpickled."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize(
    ("function", "name"),
    [(os.system, r"(posix|nt)\.system"), (eval, r"builtins\.eval"), (os.mkdir, r"(posix|nt)\.mkdir")],
)
def test_a_file_that_asks_to_run_something_is_refused_and_nothing_runs(
    tmp_path: Path, function: Callable[..., Any], name: str
) -> None:
    trace = tmp_path / "was-here"
    argument = {os.system: f"touch {trace}", eval: f"open({str(trace)!r}, 'w')"}.get(function, str(trace))
    torch.save({"state_dict": {"a": torch.ones(1)}, "hparams": Attack(function, argument)}, tmp_path / "bomb.ckpt")
    with pytest.raises(ModelError, match=rf"bomb\.ckpt asks to run {name} when it is loaded.*nothing was run"):
        open_torch_file(tmp_path / "bomb.ckpt")
    assert not trace.exists()


def test_a_function_of_a_module_nobody_thought_of_is_not_run_either(tmp_path: Path) -> None:
    trace = tmp_path / "was-here"
    tensors = {"a": torch.ones(1)}
    attacks = [Attack(Path.touch, trace), Attack(torch.save, tensors, trace), Attack(trace.touch)]
    torch.save({"state_dict": tensors, "hparams": attacks}, tmp_path / "bomb.ckpt")
    assert equal(open_torch_file(tmp_path / "bomb.ckpt").read(), tensors)
    assert not trace.exists()


def test_a_class_that_is_not_there_is_not_looked_for(tmp_path: Path) -> None:
    """The released GRAFT files name classes of packages that nobody needs to install."""
    path = tmp_path / "w.ckpt"
    torch.save({"state_dict": {"a": torch.ones(2)}, "cfg": Configuration()}, path)
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    module = Configuration.__module__.encode()
    stranger = b"omegaconf_not_here".ljust(len(module), b"x")[: len(module)]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as new:
        for name, data in members.items():
            new.writestr(name, data.replace(module, stranger) if name.endswith("data.pkl") else data)
    assert open_torch_file(path).read()["a"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"config": {"a": 1}}, "holds no tensors by name"),
        ([torch.ones(1)], "holds no tensors by name"),
        (torch.ones(1), "holds no tensors by name"),
    ],
)
def test_files_without_weights_are_refused(tmp_path: Path, content: Any, message: str) -> None:
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(ModelError, match=message):
        open_torch_file(tmp_path / "w.pt")


def test_other_files_are_refused_each_with_its_own_sentence(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    with pytest.raises(ModelError, match="There is no file"):
        open_torch_file(path)
    path.write_bytes(b"GIF89a")
    with pytest.raises(ModelError, match="is cut short or not a PyTorch file"):
        open_torch_file(path)
    path.write_bytes(pickle.dumps({"a": 1}, protocol=2))
    with pytest.raises(ModelError, match="in PyTorch's format of before 2020"):
        open_torch_file(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("holiday/photo.jpg", b"")
    with pytest.raises(ModelError, match="is a zip, but not PyTorch's"):
        open_torch_file(path)
    with pytest.raises(ModelError, match="cannot be read"):
        open_torch_file(tmp_path)


def rewrite(path: Path, change: Callable[[str, bytes], bytes], compression: int = zipfile.ZIP_STORED) -> None:
    """Change members of a zip."""
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w", compression) as new:
        for name, data in members.items():
            new.writestr(name, change(name, data))


def test_a_tensor_that_reaches_outside_its_storage_is_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.arange(100.0)}, tmp_path / "w.pt")
    rewrite(tmp_path / "w.pt", lambda name, data: data[:40] if name.endswith("/data/0") else data)
    with pytest.raises(ModelError, match=r"w\.pt is damaged \(a tensor reaches outside its storage\)"):
        open_torch_file(tmp_path / "w.pt").read()


def test_compressed_members_which_may_swell_without_end_are_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(1000)}, tmp_path / "w.pt")
    rewrite(tmp_path / "w.pt", lambda _, data: data, zipfile.ZIP_DEFLATED)
    with pytest.raises(ModelError, match="is compressed, which PyTorch never does"):
        open_torch_file(tmp_path / "w.pt").read()


def test_a_flipped_byte_in_a_tensor_is_found_by_the_checksum(tmp_path: Path) -> None:
    torch.save({"a": torch.full((1000,), 7.0)}, tmp_path / "w.pt")
    data = bytearray((tmp_path / "w.pt").read_bytes())
    data[data.index(torch.full((4,), 7.0).numpy().tobytes()) + 3] ^= 4
    (tmp_path / "w.pt").write_bytes(data)
    with pytest.raises(ModelError, match=r"w\.pt is damaged"):
        open_torch_file(tmp_path / "w.pt").read()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small file as torch writes it."""
    path = tmp_path_factory.mktemp("sound") / "w.pt"
    torch.save({"state_dict": {"a": torch.ones(3)}, "cfg": Configuration()}, path)
    return path.read_bytes()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_anywhere_is_answered_with_a_sentence_or_does_no_harm(
    sound: bytes, tmp_path: Path, data: st.DataObject
) -> None:
    damaged = bytearray(sound)
    for _ in range(data.draw(st.integers(0, 3))):
        damaged[data.draw(st.integers(0, len(sound) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.pt"
    path.write_bytes(damaged[: data.draw(st.integers(0, len(sound)))])
    with contextlib.suppress(ModelError):
        assert all(isinstance(tensor, Tensor) for tensor in open_torch_file(path).read().values())


def test_safetensors_are_read_by_the_same_door(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"a": torch.ones(2)}, tmp_path / "w.safetensors")
    found = read_weights(tmp_path / "w.safetensors")
    assert found.tensors["a"].tolist() == [1, 1]
    assert not found.scripted
    (tmp_path / "w.safetensors").write_bytes(b"short")
    with pytest.raises(ModelError, match="is damaged or not a safetensors file"):
        read_weights(tmp_path / "w.safetensors")
    with pytest.raises(ModelError, match="There is no file"):
        read_weights(tmp_path / "none.safetensors")


def test_a_few_bytes_that_would_become_gigabytes_are_refused_before_they_are_read(tmp_path: Path) -> None:
    long = b"\x80\x02X" + (50_000_000).to_bytes(4, "little") + b"a" * 50_000_000 + b"."
    with zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/data.pkl", long)
    assert (tmp_path / "bomb.pt").stat().st_size < 100_000
    with pytest.raises(ModelError, match=r"bomb\.pt is damaged \(its pickle is compressed.*fetch it again"):
        open_torch_file(tmp_path / "bomb.pt")


@pytest.mark.parametrize("depth", [40, 100_000])
def test_modules_without_end_are_refused(tmp_path: Path, depth: int) -> None:
    """Their names alone would fill the memory."""
    nested = b"c__torch__\nA\n)\x81}U\x01a" * depth + b"N" + b"sb" * depth + b"."
    with zipfile.ZipFile(tmp_path / "deep.pt", "w") as archive:
        archive.writestr("deep/data.pkl", b"\x80\x02" + nested)
    with pytest.raises(ModelError, match=r"deep\.pt is damaged \(modules inside modules.*fetch it again"):
        open_torch_file(tmp_path / "deep.pt")
