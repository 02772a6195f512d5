"""Adapters that are installed, by entry point; what is wrong with one is said before anything starts."""

from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from nsw_contracts.adapter.errors import BadAdapter, BrokenConfiguration
from nsw_contracts.adapter.manifest import Capabilities, Manifest
from nsw_contracts.adapter.protocol import MinistryAdapter

ENTRY_POINTS: Final = "nsw.ministry_adapters"

_OF_CAPABILITY: Final = {
    "batch": ("deliver_many",),
    "query": ("query",),
    "callback": ("receive", "acknowledge"),
    "poll": ("poll", "confirm"),
}


def names() -> tuple[str, ...]:
    """The names of all installed adapters, sorted."""
    return tuple(sorted({point.name for point in entry_points(group=ENTRY_POINTS)}))


def load(name: str) -> type[MinistryAdapter]:
    """One installed adapter, checked.

    Raises:
        BadAdapter: there is none of this name, it cannot be imported, or something is wrong with it.
    """
    points = [point for point in entry_points(group=ENTRY_POINTS) if point.name == name]
    if not points:
        raise BadAdapter(f"no adapter {name!r} is installed; there are {', '.join(names()) or 'none'}")
    if len({point.value for point in points}) > 1:
        raise BadAdapter(f"adapter {name!r} is brought by several packages: {', '.join(map(_source, points))}")
    try:
        found = points[0].load()
    except Exception as error:  # whatever a foreign module raises while it is imported
        raise BadAdapter(f"{_source(points[0])} cannot be imported: {type(error).__name__}: {error}") from error
    wrong = list(faults(found, name))
    if wrong:
        raise BadAdapter(f"{_source(points[0])}: {'; '.join(wrong)}")
    adapter: type[MinistryAdapter] = found
    return adapter


def faults(adapter: Any, name: str) -> Iterator[str]:
    """What is wrong with a class as an adapter, without making one."""
    if not (isinstance(adapter, type) and MinistryAdapter in adapter.__mro__):
        yield "is no class that derives from MinistryAdapter"
        return
    manifest = getattr(adapter, "manifest", None)
    if not isinstance(manifest, Manifest):
        yield "has no `manifest`"
        return
    if manifest.name != name:
        yield f"its manifest says it is {manifest.name!r}, its entry point {name!r}"
    if "deliver" not in _own(adapter):
        yield "has no `deliver`"
    settings = getattr(adapter, "settings_model", None)
    if not (isinstance(settings, type) and issubclass(settings, BaseModel)):
        yield "its `settings_model` is no pydantic model"
    elif settings.model_config.get("extra") != "forbid":
        yield 'its `settings_model` lets any field pass; set ConfigDict(extra="forbid"), or a typing error goes unseen'
    for capability in declared(manifest.capabilities):
        for method in _OF_CAPABILITY.get(capability, ()):
            if method not in _own(adapter):
                yield f"declares {capability} and has no `{method}`"


def declared(capabilities: Capabilities) -> Iterator[str]:
    """The names of what is declared."""
    if capabilities.batch > 1:
        yield "batch"
    if capabilities.query:
        yield "query"
    yield from sorted(capabilities.answers)


def settings_of(adapter: type[MinistryAdapter], values: Any) -> BaseModel:
    """The deployment's settings for an adapter.

    Raises:
        BrokenConfiguration: names each field that is missing or wrong.
    """
    try:
        return adapter.settings_model.model_validate(values)
    except ValidationError as error:
        wrong = "; ".join(
            f"/settings/{'/'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False)
        )
        raise BrokenConfiguration(f"adapter {adapter.manifest.name}: {wrong}") from None


def _own(adapter: type) -> set[str]:
    """The methods that the class or its bases define themselves, without what the protocol gives."""
    return {name for base in adapter.__mro__ if base not in MinistryAdapter.__mro__ for name in vars(base)}


def _source(point: EntryPoint) -> str:
    package = point.dist.name if point.dist else "?"
    return f"adapter {point.name!r} of {package} ({point.value})"
