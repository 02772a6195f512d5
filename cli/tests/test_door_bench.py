"""The door's benchmark, small, on a stack of its own: everything is taken, and everything taken is found."""

from nsw_benchmarks.door.figures import door_table, kept
from nsw_cli.door_bench import Shape, measure


def test_the_door_is_measured() -> None:
    found = measure(Shape(submissions=60, rounds=1, connections=8, warm_up=20))
    assert kept(found), found
    assert (found["accepted"], found["held"], found["lost"], found["repeated"]) == (140, 140, 0, 0)
    assert {"bare_per_second", "per_second", "ratio", "p99_ms_at_half"} <= set(found)
    assert {"intake", "kafka", "postgres", "load"} == set(found["cpu_ms"])
    assert door_table(found).row_count > 5
    assert not kept(found | {"lost": 1})
    assert not kept(found | {"not_taken": [{"503": 1}]})
