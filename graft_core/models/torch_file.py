"""Tensors out of PyTorch's files without running what their pickles ask for.

A ``.ckpt`` or ``.pt`` is a zip of one pickle and the raw bytes of its tensors. The pickle is read with every foreign
class replaced by an empty stand-in: a file that holds configuration objects too gives its tensors, and nothing runs.
TorchScript archives (OpenAI's own CLIP files) have the same layout, with modules where others have dicts.
"""

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from graft_core.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

DTYPES = {
    "DoubleStorage": ("float64", 8),
    "FloatStorage": ("float32", 4),
    "HalfStorage": ("float16", 2),
    "BFloat16Storage": ("bfloat16", 2),
    "LongStorage": ("int64", 8),
    "IntStorage": ("int32", 4),
    "ShortStorage": ("int16", 2),
    "CharStorage": ("int8", 1),
    "ByteStorage": ("uint8", 1),
    "BoolStorage": ("bool", 1),
}
HARMLESS: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("builtins", "dict"): dict,
    ("builtins", "list"): list,
    ("builtins", "tuple"): tuple,
    ("builtins", "set"): set,
    ("builtins", "frozenset"): frozenset,
}
# A stand-in would be harmless for these too; a file that asks for them deserves a warning all the same.
NEVER_IN_WEIGHTS = frozenset(
    {"os", "posix", "nt", "subprocess", "sys", "shutil", "socket", "importlib", "runpy", "pty", "ctypes", "code"}
)
NEVER_BUILTINS = frozenset({"eval", "exec", "compile", "open", "__import__", "breakpoint"})
OPENAI_SETTINGS = frozenset({"input_resolution", "context_length", "vocab_size"})
DEEPEST = 32
"""Modules inside modules; OpenAI's have six."""
READ_ERRORS = (
    pickle.UnpicklingError,
    AttributeError,
    EOFError,
    ImportError,
    IndexError,
    KeyError,
    MemoryError,
    OverflowError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True)
class StoredTensor:
    """Where in a file a tensor lies."""

    storage: str
    """Name of its bytes inside the archive."""
    dtype: str
    """torch's name of its type."""
    item_bytes: int
    """Size of one value."""
    offset: int
    """Values before its first one."""
    shape: tuple[int, ...]
    """Size along each axis."""
    stride: tuple[int, ...]
    """Values from one step of each axis to the next."""


@dataclass(frozen=True)
class TorchArchive:
    """The tensors of one file, not yet read."""

    path: Path
    """The file."""
    prefix: str
    """Top folder inside the zip."""
    tensors: Mapping[str, StoredTensor]
    """Parameter name -> where it lies."""
    scripted: bool
    """Whether it is a TorchScript archive, as OpenAI published CLIP."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Parameter name -> shape."""
        return {name: stored.shape for name, stored in self.tensors.items()}

    def read(self) -> "dict[str, Tensor]":
        """Every tensor, each storage read once; the zip's checksums are checked on the way."""
        storages: dict[str, bytearray] = {}
        try:
            with zipfile.ZipFile(self.path) as archive:
                for stored in self.tensors.values():
                    if stored.storage not in storages:
                        storages[stored.storage] = _read_member(archive, f"{self.prefix}/data/{stored.storage}")
                return {name: _view(stored, storages[stored.storage]) for name, stored in self.tensors.items()}
        except (OSError, zipfile.BadZipFile, KeyError, ValueError, RuntimeError) as error:
            raise ModelError(f"{self.path} is damaged ({error}): fetch it again.") from error


class StandIn:
    """What a class or function of a foreign module becomes: it can be made, filled and called, and does nothing."""

    state: Any = None
    scripted: ClassVar[bool] = False

    def __new__(cls, *arguments: Any, **keywords: Any) -> "StandIn":
        return super().__new__(cls)

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        """Take anything."""

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: Any) -> None:
        """Forget it."""

    def __call__(self, *arguments: Any, **keywords: Any) -> "StandIn":
        return self

    def append(self, value: Any) -> None:
        """Forget it."""

    def extend(self, values: Any) -> None:
        """Forget it."""


class _Scripted(StandIn):
    """A TorchScript module."""

    scripted = True


class _TensorPickle(pickle.Unpickler):
    """Resolves tensors, plain containers, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        module = "builtins" if module == "__builtin__" else module  # its name in the pickles torch writes
        root = module.partition(".")[0]
        if root in NEVER_IN_WEIGHTS or (root == "builtins" and name in NEVER_BUILTINS):
            raise _AttackError(f"{module}.{name}")
        if module == "torch._utils" and name in _REBUILD:
            return _REBUILD[name]
        if (module, name) in HARMLESS:
            return HARMLESS[module, name]
        if module == "torch" and name in DTYPES:
            return name
        return type(name, (_Scripted if root == "__torch__" else StandIn,), {})

    def persistent_load(self, pid: Any) -> tuple[str, str]:
        kind, storage_type, key = pid[0], pid[1], pid[2]
        if kind != "storage" or not isinstance(storage_type, str) or not isinstance(key, str):
            raise pickle.UnpicklingError(f"an unknown kind of storage, {kind!r}")
        return storage_type, key


class _AttackError(Exception):
    """A pickle asks for a function that no weights file needs."""


def _rebuild_tensor(storage: tuple[str, str], offset: int, shape: Any, stride: Any, *_: Any) -> StoredTensor:
    dtype, item_bytes = DTYPES[storage[0]]
    return StoredTensor(storage[1], dtype, item_bytes, int(offset), tuple(map(int, shape)), tuple(map(int, stride)))


def _rebuild_parameter(data: StoredTensor, *_: Any) -> StoredTensor:
    return data


_REBUILD = {
    "_rebuild_tensor": _rebuild_tensor,
    "_rebuild_tensor_v2": _rebuild_tensor,
    "_rebuild_parameter": _rebuild_parameter,
    "_rebuild_parameter_with_state": _rebuild_parameter,
}


def open_torch_file(path: Path) -> TorchArchive:
    """Read which tensors a file holds: those of its ``state_dict``, of the dict itself, or of a TorchScript module."""
    try:
        with zipfile.ZipFile(path) as archive:
            pickled = [name for name in archive.namelist() if name.count("/") == 1 and name.endswith("/data.pkl")]
            if len(pickled) != 1:
                raise ModelError(f"{path} is a zip, but not PyTorch's: choose a .pt, .ckpt or .safetensors file.")
            if archive.getinfo(pickled[0]).compress_type != zipfile.ZIP_STORED:  # a few bytes may become gigabytes
                raise ValueError("its pickle is compressed, which PyTorch never does")
            with archive.open(pickled[0]) as stream:
                root = _TensorPickle(stream).load()
        scripted = isinstance(root, StandIn) and root.scripted
        tensors = dict(_module_tensors(root, "", set())) if scripted else _state_dict(root)
    except zipfile.BadZipFile:
        raise ModelError(_not_a_zip(path)) from None
    except FileNotFoundError:
        raise ModelError(f"There is no file {path}: check the path.") from None
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}): check the path and its permissions.") from error
    except _AttackError as error:
        raise ModelError(
            f"{path} asks to run {error} when it is loaded, which no weights file needs: nothing was run; "
            "get the file from its authors, and do not open this one with other programs."
        ) from None
    except READ_ERRORS as error:
        raise ModelError(f"{path} is damaged ({error}): fetch it again.") from error
    if not tensors:
        raise ModelError(f"{path} holds no tensors by name (no state_dict): it is not a file of model weights.")
    return TorchArchive(path, pickled[0].partition("/")[0], tensors, scripted)


def _state_dict(root: Any) -> dict[str, StoredTensor]:
    """The named tensors of a checkpoint, without the ``module.`` that data-parallel training puts before each."""
    if isinstance(root, dict) and isinstance(root.get("state_dict"), dict):
        root = root["state_dict"]
    if not isinstance(root, dict):
        return {}
    tensors = {str(name): value for name, value in root.items() if isinstance(value, StoredTensor)}
    if all(name.startswith("module.") for name in tensors):
        tensors = {name.removeprefix("module."): value for name, value in tensors.items()}
    return tensors


def _module_tensors(module: StandIn, prefix: str, seen: set[int]) -> Iterator[tuple[str, StoredTensor]]:
    """Parameters and buffers of a TorchScript module and its children, by dotted name."""
    if id(module) in seen or not isinstance(module.state, dict):
        return
    if prefix.count(".") > DEEPEST:
        raise ValueError(f"modules inside modules, more than {DEEPEST} deep")
    seen.add(id(module))
    for name, value in module.state.items():
        if isinstance(value, StoredTensor):
            if prefix or name not in OPENAI_SETTINGS:
                yield f"{prefix}{name}", value
        elif isinstance(value, StandIn) and value.scripted:
            yield from _module_tensors(value, f"{prefix}{name}.", seen)


def _not_a_zip(path: Path) -> str:
    with path.open("rb") as stream:
        old = stream.read(2) == b"\x80\x02"
    if old:
        return f"{path} is in PyTorch's format of before 2020: load it there with weights_only=True and save it again."
    return f"{path} is cut short or not a PyTorch file: fetch it again, or choose a .pt, .ckpt or .safetensors file."


def _read_member(archive: zipfile.ZipFile, name: str) -> bytearray:
    member = archive.getinfo(name)
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{name} is compressed, which PyTorch never does")
    data = bytearray(member.file_size)
    with archive.open(member) as stream:
        filled = stream.readinto(memoryview(data))  # type: ignore[attr-defined]
    if filled != len(data):
        raise ValueError(f"{name} is cut short")
    return data


def _view(stored: StoredTensor, data: bytearray) -> "Tensor":
    """A tensor over the bytes of its storage; one that reaches outside is refused."""
    import torch

    dtype = getattr(torch, stored.dtype)
    if not prod(stored.shape):
        return torch.empty(stored.shape, dtype=dtype)
    last = stored.offset + sum((size - 1) * step for size, step in zip(stored.shape, stored.stride, strict=True))
    if stored.offset < 0 or min(stored.stride, default=0) < 0 or (last + 1) * stored.item_bytes > len(data):
        raise ValueError("a tensor reaches outside its storage")
    values = torch.frombuffer(data, dtype=dtype)
    return torch.as_strided(values, stored.shape, stored.stride, stored.offset)
