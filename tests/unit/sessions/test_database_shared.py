"""One session database for several processes, any of which may die at any moment."""

import signal
from pathlib import Path

import anyio
import pytest

from mcp_codeexec.errors import StoreUnavailable
from mcp_codeexec.model import RunDraft
from tests.unit.sessions.drafts import KEY, draft, opened, record, session
from tests.unit.sessions.files import committer, contents, put, size, sound


async def test_two_stores_on_one_file_see_and_follow_each_other(path: Path) -> None:
    async with opened(path) as one, opened(path) as two:
        await one.create(session(), KEY)
        for run in range(1, 41):
            await (one, two)[run % 2].commit(draft(run, names=[f"v{run}"]))
        with pytest.raises(StoreUnavailable, match="run 40 cannot be recorded"):
            await one.commit(draft(40))
        assert await one.load("ses_a") == await two.load("ses_a")
        assert [found.run for found in await two.runs("ses_a", 100)] == list(range(40, 0, -1))
    assert sound(path)


async def test_stores_that_open_and_write_at_the_same_moment_all_succeed(path: Path) -> None:
    async def work(name: str) -> None:
        async with opened(path) as store:
            await store.create(session(name), KEY)
            for run in range(1, 21):
                await store.commit(draft(run, name))

    async with anyio.create_task_group() as group:
        for number in range(6):
            group.start_soon(work, f"ses_{number}")
    async with opened(path) as store:
        assert [info.runs for info in (await store.sessions("ann", 10))[0]] == [20] * 6
    assert sound(path)


async def test_stores_that_make_the_same_database_at_the_same_moment_all_open_it(tmp_path: Path) -> None:
    """A race by nature: tried often enough that a loser who does not wait is nearly always seen."""

    async def make(path: Path) -> None:
        async with opened(path):
            pass

    for number in range(20):
        async with anyio.create_task_group() as group:
            for _ in range(6):
                group.start_soon(make, tmp_path / f"{number}.db")


async def test_processes_that_make_and_fill_one_database_together_lose_nothing(path: Path) -> None:
    children = [committer(path, f"ses_{number}", 60) for number in range(3)]
    for child in children:
        out, _ = child.communicate(timeout=60)
        assert (child.returncode, out.split()) == (0, [str(run) for run in range(1, 61)])
    async with opened(path) as store:
        assert [info.runs for info in (await store.sessions("ann", 10))[0]] == [60] * 3
    assert sound(path)


async def test_kill_9_in_the_middle_of_commits_loses_no_run_that_was_written(path: Path) -> None:
    told = 0
    for enough in (7, 40, 150):  # three lives of one session, each killed while it writes
        with committer(path, "ses_a", 1_000_000) as child:
            assert child.stdout is not None
            for _ in range(enough):
                child.stdout.readline()
            child.kill()
            rest = child.stdout.read().splitlines()
        assert child.returncode == -signal.SIGKILL
        async with opened(path) as store:
            found = await store.load("ses_a")
            runs = [found.run for found in await store.runs("ses_a", 1_000_000)]
        assert found is not None
        told = max([told + enough, *(int(line) for line in rest if line)])
        assert found.info.runs in (told, told + 1)  # the last one may have been written and not told
        assert runs == list(range(found.info.runs, 0, -1))
        assert len(found.vault) == found.info.runs
        assert found.info.variables == len(found.variables)
        assert sound(path)
        told = found.info.runs


async def test_a_process_killed_while_it_moved_its_log_into_the_database_leaves_a_whole_one(path: Path) -> None:
    """The file then says that it is longer than it is, until somebody reads it together with its log."""
    async with opened(path) as store:
        await store.create(session(), KEY)
    length = size(path)
    async with opened(path) as store:
        for run in range(1, 41):
            await store.commit(RunDraft(record(run, text="long " * 500)))
        log = contents(f"{path}-wal")
    moved = contents(path)
    assert len(moved) > length
    put(path, moved[:length])
    put(f"{path}-wal", log)
    async with opened(path) as store:
        assert [found.run for found in await store.runs("ses_a", 100)] == list(range(40, 0, -1))
    assert sound(path)
    assert contents(path) == moved
