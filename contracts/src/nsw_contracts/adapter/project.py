"""An adapter's project as a folder: made from the template, and found without being installed.

A folder's entry points are read from its `pyproject.toml`, so that an adapter can be tried where it is written.
"""

import re
import sys
import tomllib
from collections.abc import Callable
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple

from nsw_contracts.adapter.conformance.rig import ENTRY_POINTS as RIGS
from nsw_contracts.adapter.conformance.rig import Rig
from nsw_contracts.adapter.discovery import ENTRY_POINTS as ADAPTERS
from nsw_contracts.adapter.discovery import faults
from nsw_contracts.adapter.errors import BadAdapter
from nsw_contracts.adapter.protocol import MinistryAdapter

NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST_NAME: Final = 40
_TEMPLATE: Final = "nsw_contracts.adapter.template"
_FILES: Final = ("__init__.py", "adapter.py", "agency.py", "rig.py")

_PYPROJECT: Final = """\
[project]
name = "{name}"
version = "0.1.0"
description = "Connects {agency}'s system to the National Single Window"
requires-python = ">=3.11"
dependencies = ["nsw-contracts"]

[project.optional-dependencies]
test = ["pytest"]

[project.entry-points."{adapters}"]
{name} = "{package}.adapter:Adapter"

[project.entry-points."{rigs}"]
{name} = "{package}.rig:rig"

[tool.pytest.ini_options]
pythonpath = ["src"]

[build-system]
requires = ["uv_build>=0.9,<1"]
build-backend = "uv_build"
"""

_TEST = '''\
"""The adapter keeps the rules of the conformance kit."""

from {package}.rig import rig

from nsw_contracts.adapter.conformance import test_class

TestConformance = test_class(rig)
'''

_README: Final = """\
# {name}

Connects {agency}'s system to the National Single Window.

- `src/{package}/adapter.py`: how the system is spoken to; its specification is `nsw_contracts/adapter/protocol.py`.
- `src/{package}/agency.py`: a test agency that speaks the same protocol. Keep it true to the real system.

Try it: `nsw adapter check .` or `python -m nsw_contracts.adapter check .` or `pytest`.
"""


class Found(NamedTuple):
    """An adapter with its rig."""

    name: str
    adapter: type[MinistryAdapter]
    rig: Rig


def make_project(folder: Path, name: str, agency: str) -> list[Path]:
    """Write a project that passes every rule at once; gives its files. `folder` is made, and must not be there.

    Raises:
        BadAdapter: the name cannot be used, or the folder is there already.
        OSError: it cannot be written.
    """
    if len(name) > LONGEST_NAME or not NAME.fullmatch(name):
        raise BadAdapter(
            f"{name!r} is no name of an adapter: small letters, digits and single hyphens, such as our-system"
        )
    package = name.replace("-", "_")
    words = {"name": name, "agency": agency, "package": package, "adapters": ADAPTERS, "rigs": RIGS}
    written = {
        "pyproject.toml": _PYPROJECT.format(**words),
        "README.md": _README.format(**words),
        "tests/test_conformance.py": _TEST.format(**words),
        f"src/{package}/py.typed": "",
    }
    for file in _FILES:
        text = files(_TEMPLATE).joinpath(file).read_text("utf-8")
        text = text.replace('"template"', f'"{name}"').replace('"BYTE"', f'"{agency}"')
        written[f"src/{package}/{file}"] = text
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise BadAdapter(f"{folder} is there already and is left as it is; choose another folder") from None
    for path, text in written.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return [folder / path for path in written]


def in_folder(folder: Path) -> list[Found]:
    """The adapters that a project's folder names, each with its rig.

    Raises:
        BadAdapter: there are none, or one of them cannot be used; the text says why.
    """
    file = folder / "pyproject.toml"
    try:
        points = tomllib.loads(file.read_text("utf-8"))["project"]["entry-points"]
        named, rigs = dict(points[ADAPTERS]), dict(points.get(RIGS, {}))
    except FileNotFoundError:
        raise BadAdapter(f"{file} is not there; name the folder of an adapter's project") from None
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise BadAdapter(f"{file} names no entry point of the group {ADAPTERS}") from error
    source = str((folder / "src" if (folder / "src").is_dir() else folder).resolve())
    if source in sys.path:
        sys.path.remove(source)
    sys.path.insert(0, source)
    _forget_others({value.partition(":")[0].partition(".")[0] for value in (*named.values(), *rigs.values())}, source)
    return [_found(name, value, rigs.get(name)) for name, value in named.items()]


def _forget_others(packages: set[str], source: str) -> None:
    """Let go of modules of these names that came from another folder: this project's are meant."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name.partition(".")[0] in packages and file is not None and not Path(file).is_relative_to(source):
            del sys.modules[name]


def _found(name: str, value: str, rig: str | None) -> Found:
    adapter = _load(name, value)
    wrong = list(faults(adapter, name))
    if wrong:
        raise BadAdapter(f"adapter {name!r}: {'; '.join(wrong)}")
    if rig is None:
        raise BadAdapter(f"adapter {name!r} has no rig: name one by an entry point {name!r} of the group {RIGS}")
    make: Callable[[], Rig] = _load(name, rig)
    return Found(name, adapter, make())


def _load(name: str, value: str) -> Any:
    module, _, attribute = value.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except Exception as error:  # whatever a foreign module raises
        raise BadAdapter(f"adapter {name!r}: {value} cannot be imported: {type(error).__name__}: {error}") from error
