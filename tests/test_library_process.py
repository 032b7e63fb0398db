"""The library thread as whole programs meet it: Ctrl-C, the end of the process, forks."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

starts_threads_late = pytest.mark.skipif(
    (3, 12) <= sys.version_info < (3, 12, 2), reason="this Python starts no thread once the main one has ended"
)


def run_program(source, *, interrupt_at=None, options=("-W", "error", "-X", "dev")):
    """Run a program to its end; send Ctrl-C when it prints `interrupt_at`."""
    program = subprocess.Popen(
        [sys.executable, *options, "-c", textwrap.dedent(source)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines = []
    if interrupt_at is not None:
        for line in program.stdout:
            lines.append(line)
            if line.strip() == interrupt_at:
                time.sleep(0.1)
                program.send_signal(signal.SIGINT)
                break
    out, err = program.communicate(timeout=60)
    told = [line for line in err.splitlines(keepends=True) if not line.startswith("Executing <")]  # "... took 0.117 s"
    return program.returncode, "".join(lines) + out, "".join(told)


PRELUDE = """
    import asyncio, os, sys, threading, time
    from artigraph import bridge, library

    def say(*words):
        print(*words, flush=True)

    async def slow(seconds):
        try:
            say("begun")
            await asyncio.sleep(seconds)
            say("done")
        except asyncio.CancelledError as error:
            await asyncio.sleep(0.1)
            say("cancelled:", *error.args)
            raise
    """


def test_ctrl_c_in_a_blocked_call_cancels_the_work_and_comes_out_after_its_end():
    code, out, err = run_program(
        PRELUDE
        + """
    try:
        bridge.block(slow, 30)
    except KeyboardInterrupt:
        say("interrupted")
    async def works():
        return "works"
    say(bridge.block(works))
    """,
        interrupt_at="begun",
    )
    assert (code, out.split("\n"), err) == (0, ["begun", "cancelled: interrupt", "interrupted", "works", ""], "")


def test_ctrl_c_in_a_blocked_call_inside_a_running_loop_does_the_same():
    code, out, err = run_program(
        PRELUDE
        + """
    async def main():
        try:
            bridge.dual(slow)(30).s()
        except KeyboardInterrupt:
            say("interrupted")
    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
    loop.close()
    """,
        interrupt_at="begun",
        options=("-W", "error"),  # a debugging loop would complain of the blocking
    )
    assert (code, out.split("\n"), err) == (0, ["begun", "cancelled: interrupt", "interrupted", ""], "")


@starts_threads_late
def test_the_end_of_a_program_waits_for_running_work_and_then_closes_in_reverse_order():
    code, out, err = run_program(
        PRELUDE
        + """
    async def to_the_end():
        await slow(0.3)
        say(await asyncio.to_thread(lambda: "pools still work"))
    async def first(): say("closed first")
    async def second(): say("closed second", bridge.in_library_thread())
    bridge.at_exit(first)
    bridge.at_exit(second)
    begun = threading.Event()
    threading.Thread(target=bridge.block, args=(to_the_end,), daemon=True).start()
    time.sleep(0.1)
    say("end of main")
    """
    )
    assert (code, err) == (0, "")
    assert out.split("\n") == [
        "begun",
        "end of main",
        "done",
        "pools still work",
        "closed second True",
        "closed first",
        "",
    ]


def test_the_end_of_a_program_does_not_wait_for_ever_and_tells_of_what_failed():
    code, out, err = run_program(
        PRELUDE
        + """
    library.EXIT_SECONDS = 0.3
    async def stuck():
        await asyncio.sleep(100)
    async def broken():
        raise OSError("cannot close")
    async def for_ever():
        while True:
            try:
                await asyncio.sleep(100)
            except asyncio.CancelledError:
                pass
    bridge.at_exit(stuck)
    bridge.at_exit(broken)
    for work in (slow, for_ever):
        threading.Thread(target=bridge.block, args=(work, *[100] * (work is slow)), daemon=True).start()
    time.sleep(0.1)
    """
    )
    assert code == 0
    assert out.split("\n") == ["begun", "cancelled: exit", ""]
    assert "cannot close" in err
    assert "never awaited" not in err
    assert "destroyed" not in err


@starts_threads_late
def test_a_thread_that_outlives_the_main_one_may_go_on():
    code, out, err = run_program(
        PRELUDE
        + """
    async def add(a, b):
        return a + b
    def later():
        threading.main_thread().join()
        time.sleep(0.2)
        say(bridge.block(add, 1, 2))
    bridge.block(add, 0, 0)
    threading.Thread(target=later).start()
    """
    )
    assert (code, out, err) == (0, "3\n", "")


def test_a_call_that_was_never_run_is_told_even_at_the_end_of_a_program():
    code, _out, err = run_program(
        """
    import asyncio
    from artigraph import bridge
    async def main():
        global kept
        kept = bridge.dual(asyncio.sleep)(0)
    asyncio.run(main())
    """,
        options=(),
    )
    assert code == 0
    assert "<string>:6: RuntimeWarning: sleep(...) was never run" in err


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_starts_its_own_library_thread():
    code, out, err = run_program(
        PRELUDE
        + """
    async def where():
        return os.getpid(), threading.get_native_id()
    async def closed():
        say("closed", os.getpid() == parent)
    parent = os.getpid()
    bridge.at_exit(closed)
    in_parent = bridge.block(where)
    held = bridge.hold("a transaction")
    child = os.fork()
    if child == 0:
        in_child = bridge.block(where)
        say("child", in_child[0] == os.getpid(), in_child != in_parent, asyncio.run(bridge.ask(where)) == in_child)
    else:
        held.release()
        status = os.waitpid(child, 0)[1]
        say("parent", status, bridge.block(where) == in_parent)
    """,
        options=("-X", "dev", "-W", "error", "-W", "ignore::DeprecationWarning"),
    )
    assert (code, out.split("\n"), err) == (0, ["child True True True", "parent 0 True", "closed True", ""], "")


def test_a_child_of_multiprocessing_works_beside_its_parent(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent(
            """
            import asyncio, multiprocessing
            from artigraph import bridge

            @bridge.dual
            async def double(x):
                await asyncio.sleep(0.001)
                return 2 * x

            if __name__ == "__main__":
                double(1)
                for method in ("fork", "spawn"):
                    with multiprocessing.get_context(method).Pool(2) as pool:
                        print(pool.map(double, range(4)), double(5), flush=True)
            """
        )
    )
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("[0, 2, 4, 6] 10\n" * 2, "")
