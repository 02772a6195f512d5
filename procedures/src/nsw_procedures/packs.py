"""The packs the window knows: this package's own, and those that other packages bring by entry point.

A procedure has one version in force on a day; the file of its version `2026.1` is `<CODE>@2026.1.yaml`, or
`<CODE>.yaml` for the only one. An entry point of the group `nsw.procedure_packs` names a package; every `.yaml` below
it is a pack.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import pairwise

from nsw_procedures.pack import Pack
from nsw_procedures.pack_file import Mistake, PackError, read_pack

ENTRY_POINTS = "nsw.procedure_packs"


class Packs:
    """Packs by procedure and version. Raises `PackError` where two of them contradict each other."""

    def __init__(self, read: Iterable[tuple[str, Pack]]) -> None:
        """`read` are (file, pack) pairs."""
        by_code: dict[str, dict[str, Pack]] = {}
        file_of: dict[tuple[str, str], str] = {}
        mistakes: list[Mistake] = []
        for file, pack in read:
            stem = file.rpartition("/")[2].removesuffix(".yaml")
            if stem not in (pack.code, f"{pack.code}@{pack.version}"):
                mistakes.append(Mistake(file, 1, "code", f"the file of {pack.code} is {pack.code}.yaml"))
            other = file_of.setdefault((pack.code, pack.version), file)
            if other != file:
                mistakes.append(Mistake(file, 1, "version", f"{pack.code} {pack.version} stands in {other} too"))
            by_code.setdefault(pack.code, {})[pack.version] = pack
        self._versions: dict[str, list[Pack]] = {}
        for code in sorted(by_code):
            versions = sorted(by_code[code].values(), key=lambda pack: (pack.effective_from, pack.version))
            for earlier, later in pairwise(versions):
                if earlier.effective_from == later.effective_from:
                    text = f"{earlier.version} is effective from {earlier.effective_from} too"
                    mistakes.append(Mistake(file_of[code, later.version], 1, "effective_from", text))
            self._versions[code] = versions
        if mistakes:
            raise PackError(mistakes)
        self._by_version = by_code
        self._from = {code: [pack.effective_from for pack in all_of] for code, all_of in self._versions.items()}

    def __iter__(self) -> Iterator[str]:
        return iter(self._versions)

    def __len__(self) -> int:
        return len(self._versions)

    def __contains__(self, code: object) -> bool:
        return code in self._versions

    def versions(self, code: str) -> tuple[Pack, ...]:
        """Every version of a procedure, the oldest first; empty where there is none."""
        return tuple(self._versions.get(code, ()))

    def version(self, code: str, version: str) -> Pack | None:
        """One version of a procedure."""
        return self._by_version.get(code, {}).get(version)

    def in_force(self, code: str, on: date) -> Pack | None:
        """The version in force on a day; None where the procedure is unknown or nothing is in force yet."""
        begins = self._from.get(code)
        if begins is None:
            return None
        index = bisect_right(begins, on)
        return self._versions[code][index - 1] if index else None

    def on(self, day: date) -> Mapping[str, Pack]:
        """The pack of each procedure on a day: the one in force, or the first to come."""
        return {code: self.in_force(code, day) or all_of[0] for code, all_of in self._versions.items()}


@cache
def packs() -> Packs:
    """All packs, read once.

    Raises:
        PackError: one of them cannot be used; a service does not start with it.
    """
    read: list[tuple[str, Pack]] = []
    mistakes: list[Mistake] = []
    for file in pack_files():
        try:
            read.append((str(file), read_pack(file)))
        except PackError as error:
            mistakes += error.mistakes
    if mistakes:
        raise PackError(mistakes)
    return Packs(read)


def pack_files() -> Iterator[Traversable]:
    """The files of all packs: this package's own, then those of each entry point in the order of their names."""
    yield from _yaml_below(files(__package__) / "packs")
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        yield from _yaml_below(files(point.value))


def _yaml_below(folder: Traversable) -> Iterator[Traversable]:
    for child in sorted(folder.iterdir(), key=lambda child: child.name):
        if child.is_dir():
            yield from _yaml_below(child)
        elif child.name.endswith(".yaml"):
            yield child
