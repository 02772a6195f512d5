"""Group commit: everybody's items once, in order; each caller hears of its own; a failure is its group's alone."""

import asyncio
from collections.abc import Sequence

import pytest
from nsw_runtime import group_commit
from nsw_runtime.group_commit import GroupCommit
from nsw_runtime.pace import FULL


class Commits:
    """Counts what is committed; the first group is held until `go`, so that the others gather behind it."""

    def __init__(self, fail_at: int | None = None) -> None:
        self.groups: list[list[int]] = []
        self.begun = asyncio.Event()
        self.go = asyncio.Event()
        self.fail_at = fail_at

    async def __call__(self, items: Sequence[int]) -> list[str]:
        self.groups.append(list(items))
        self.begun.set()
        await self.go.wait()
        if self.fail_at == len(self.groups):
            raise ConnectionError("cut")
        return [f"r{item}" for item in items]


async def test_what_comes_meanwhile_shares_the_next_commit() -> None:
    commits = Commits()
    door = GroupCommit(commits, gather_seconds=0, most=100)
    callers = [asyncio.create_task(door.submit([n, n + 100])) for n in range(5)]
    await commits.begun.wait()
    later = [asyncio.create_task(door.submit([n])) for n in range(10, 15)]
    await asyncio.sleep(0)
    assert door.waiting == 5
    commits.go.set()
    assert await asyncio.gather(*callers) == [[f"r{n}", f"r{n + 100}"] for n in range(5)]
    assert await asyncio.gather(*later) == [[f"r{n}"] for n in range(10, 15)]
    assert commits.groups == [[0, 100, 1, 101, 2, 102, 3, 103, 4, 104], [10, 11, 12, 13, 14]]
    assert door.waiting == 0


async def test_a_group_holds_so_many_and_a_large_one_goes_alone() -> None:
    commits = Commits()
    commits.go.set()
    door = GroupCommit(commits, gather_seconds=0, most=4)
    sizes = [3, 3, 9, 1, 2]
    await asyncio.gather(*(door.submit(list(range(size))) for size in sizes))
    assert [len(group) for group in commits.groups] == [3, 3, 9, 3]


async def test_a_failure_is_heard_by_all_of_its_group_and_nobody_else() -> None:
    commits = Commits(fail_at=1)
    door = GroupCommit(commits, gather_seconds=0, most=2)
    failing = [asyncio.create_task(door.submit([n])) for n in (1, 2)]
    fine = [asyncio.create_task(door.submit([n])) for n in (3, 4)]
    await asyncio.sleep(0)
    commits.go.set()
    assert [type(each) for each in await asyncio.gather(*failing, return_exceptions=True)] == [ConnectionError] * 2
    assert await asyncio.gather(*fine) == [["r3"], ["r4"]]
    assert await door.submit([5]) == ["r5"]


async def test_a_caller_that_went_away_costs_the_others_nothing() -> None:
    commits = Commits()
    door = GroupCommit(commits, gather_seconds=0, most=100)
    gone, stays = asyncio.create_task(door.submit([1])), asyncio.create_task(door.submit([2]))
    await commits.begun.wait()
    gone.cancel()
    commits.go.set()
    assert await stays == ["r2"]
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert commits.groups == [[1, 2]]


@pytest.mark.parametrize(("waiting", "waits"), [(1, True), (FULL, False)])
async def test_while_little_waits_commits_follow_each_other_slowly(
    waiting: int, waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit holds what came in since the one before began, so what comes in slowly goes on in company."""
    commits = Commits()
    rested, rest_over = asyncio.Queue[float](), asyncio.Event()

    async def rest(_worked: float, _items: int, *, least_seconds: float) -> None:
        rested.put_nowait(least_seconds)
        await rest_over.wait()

    monkeypatch.setattr(group_commit, "rest", rest)
    door = GroupCommit(commits, gather_seconds=0, most=100, every_seconds=3600.0)
    first = asyncio.create_task(door.submit([0]))
    await commits.begun.wait()
    later = [asyncio.create_task(door.submit([n])) for n in range(1, 1 + waiting)]
    await asyncio.sleep(0)
    commits.go.set()
    assert (await rested.get() > 0) == waits
    assert await first == ["r0"], "its own caller waits for nothing but the commit"
    later.append(asyncio.create_task(door.submit([1 + waiting])))
    rest_over.set()
    await asyncio.gather(*later)
    assert commits.groups == [[0], list(range(1, 2 + waiting))]


async def test_several_groups_may_be_under_way_and_no_more() -> None:
    commits = Commits()
    door = GroupCommit(commits, gather_seconds=0, most=2, at_once=3)
    callers = [asyncio.create_task(door.submit([n])) for n in range(8)]
    for _ in range(50):  # turns of the loop, of which each group takes two or three
        await asyncio.sleep(0)
    assert commits.groups == [[0, 1], [2, 3], [4, 5]]
    assert door.waiting == 2
    commits.go.set()
    assert await asyncio.gather(*callers) == [[f"r{n}"] for n in range(8)]
    assert commits.groups[3:] == [[6, 7]]
    assert await door.submit([9]) == ["r9"], "it begins anew when nothing is under way"


@pytest.mark.parametrize(("waiting", "groups"), [(FULL - 1, 1), (FULL, 2)])
async def test_where_commits_are_paced_another_is_begun_beside_one_for_a_full_group_only(
    waiting: int, groups: int
) -> None:
    commits = Commits()
    door = GroupCommit(commits, gather_seconds=0, most=100, every_seconds=0.001, at_once=2)
    callers = [asyncio.create_task(door.submit([0]))]
    await commits.begun.wait()
    callers += [asyncio.create_task(door.submit([n])) for n in range(1, 1 + waiting)]
    for _ in range(50):  # turns of the loop
        await asyncio.sleep(0)
    assert len(commits.groups) == groups
    commits.go.set()
    assert await asyncio.gather(*callers) == [[f"r{n}"] for n in range(1 + waiting)]


async def test_a_full_group_waits_for_no_pause() -> None:
    commits = Commits()
    commits.go.set()
    door = GroupCommit(commits, gather_seconds=0, most=100, every_seconds=3600.0, at_once=2)
    assert await door.submit([0]) == ["r0"]
    assert await door.submit(list(range(FULL))) == [f"r{n}" for n in range(FULL)], "beside the one that pauses"
    few = asyncio.create_task(door.submit([-1]))  # both pause now
    for _ in range(50):  # turns of the loop
        await asyncio.sleep(0)
    assert not few.done()
    assert len(await door.submit(list(range(FULL)))) == FULL
    assert await few == ["r-1"]
