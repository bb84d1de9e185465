"""Where a warm call's time goes: each stage by itself, with what it has to do for a short program."""

from mcp_codeexec.filtering import FilterPipeline
from mcp_codeexec.language.prepare import prepare
from mcp_codeexec.language.validator import CodeValidator
from mcp_codeexec.model import Erased, Program
from mcp_codeexec.runtime.launcher import Launcher
from mcp_codeexec.runtime.pool import WorkerPool
from mcp_codeexec.runtime.worker import Job, SessionWorker
from mcp_codeexec.settings import Settings
from tests.benchmarks.clock import in_turns, spent, took
from tests.benchmarks.rows import Part, Row
from tests.unit.filtering.memory_vault import MemoryVault

CALLS, LIMIT_S, LIMIT_MS = 300, 20.0, 5_000
ANSWER = "ses_4Jw9kQ2mXr7TbN0pLc5VyA run 9 ok 12 ms value: [{'id': 12, 'total': 20.5}] output: three rows were read"


async def measure() -> Part:
    settings = Settings.load({"ephemeral": True})
    launcher = Launcher(settings.worker_options)
    pool = WorkerPool(settings, launcher)
    try:
        await pool.warmup()
        return await _measure(await pool.acquire(LIMIT_S))
    finally:
        await pool.shutdown()
        launcher.close()


async def _measure(worker: SessionWorker) -> Part:
    part, validator, pipeline = Part(), CodeValidator(), FilterPipeline()
    pipeline.load()

    def prepared(n: int) -> Program:
        text = f"rows.length + {n}"
        validator.check(text)
        return prepare(Erased(text), text, {"rows": "let"})

    async def language(n: int) -> float:
        return spent(lambda: prepared(n))

    async def run(n: int) -> float:
        job = Job(n + 2, prepared(-n - 1), LIMIT_MS, {"rows": "let"})
        return await took(worker.run(job))

    async def filtered(n: int) -> float:
        return await took(pipeline.clean([f"rows.length + {n}", f"{ANSWER} {n}"], MemoryVault()))

    begin = "const rows = [1, 2, 3]; rows"
    await worker.run(Job(1, prepare(Erased(begin), begin, {}), LIMIT_MS, {}))
    text_ms, run_ms, ping_ms, filter_ms = await in_turns(CALLS, language, run, lambda _: took(worker.ping()), filtered)
    part.rows.append(Row("of a warm call: check and prepare of a line", text_ms))
    part.rows.append(Row("of a warm call: the worker, with its pipes and what it keeps", run_ms, ping_ms, "a ping of the worker"))
    part.rows.append(Row("of a warm call: the filter, code and answer", filter_ms))
    return part
