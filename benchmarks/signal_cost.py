"""What a request pays for all signals together while nobody listens.

The same application answers as it is and with every statement taken out that asks for
a signal or sends one; see ``_signal_stripping.py``. Where valgrind is installed the
processor's instructions are counted, which are the same on a busy machine; elsewhere
both take turns against the clock. Run it with ``make bench``, or alone:
``.venv-bench/bin/python benchmarks/signal_cost.py``.
"""

import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from _compare import interleaved
from _contestant import command
from _contestant import instructions
from _contestant import run
from _contestant import WrongResult
from _signal_cost_app import AS_IT_IS
from _signal_cost_app import PAGE
from _signal_cost_app import PATHS
from _signal_cost_app import STRIPPED
from _signal_cost_app import VARIANTS

# Percent of a request.
REACH = 2.0

# NOTE: the difference of two runs, so that start-up and warm-up cancel out.
FEW, MANY = 100, 2100

# Without valgrind.
REQUESTS = 10_000
ROUNDS = 41


def run_app(variant: str, case: str, folder: str, count: int | str) -> str:
    """Run the application in *folder* and return what it prints."""
    return run(line(variant, case, count), folder=folder).stdout


def line(variant: str, case: str, count: int | str) -> list[str]:
    """Return the command line of the application."""
    return command("_signal_cost_app.py", variant, case, str(count))


def counted(case: str, folder: str) -> dict[str, float]:
    """Count the instructions of a request in both variants.

    Several at a time: other processes change the clock, not the count.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = {
            (variant, count): pool.submit(
                instructions, line(variant, case, count), folder=folder
            )
            for variant in VARIANTS
            for count in (FEW, MANY)
        }
    totals = {key: future.result() for key, future in runs.items()}
    return {
        variant: (totals[variant, MANY] - totals[variant, FEW]) / (MANY - FEW)
        for variant in VARIANTS
    }


def clocked(case: str, folder: str) -> dict[str, float]:
    """Measure the nanoseconds of a request in both variants, in turns."""

    def measure(variant: str) -> float:
        return float(run_app(variant, case, folder, REQUESTS))

    measures = {variant: partial(measure, variant) for variant in VARIANTS}
    return {
        variant: statistics.median(seconds) * 1_000_000_000
        for variant, seconds in interleaved(measures, ROUNDS).items()
    }


def compared(case: str, folder: str) -> dict[str, dict[str, Any]]:
    """Return what both variants show of *case*.

    Raises:
        WrongResult: They answer differently, or the stripped one still has signals.
    """
    shown = {v: json.loads(run_app(v, case, folder, "show")) for v in VARIANTS}
    ours, bare = shown[AS_IT_IS], shown[STRIPPED]
    if ours["answer"] != bare["answer"]:
        raise WrongResult(f"{case}: {ours['answer']} became {bare['answer']}.")
    if not bare["stripped"]:
        raise WrongResult("Nothing was stripped: no module asks for a signal.")
    if bare["left"] or bare["entered"]:
        raise WrongResult(
            f"{case}: the stripped application still asks {bare['left']} and enters "
            f"{bare['entered']}. Teach _signal_stripping.py how that is written."
        )
    return shown


def bench(case: str, folder: str, measure: Callable[..., dict[str, float]]) -> bool:
    """Print what signals cost in one case; tell whether that is little enough."""
    entered = compared(case, folder)[AS_IT_IS]["entered"]
    cost = measure(case, folder)
    percent = 100 * (cost[AS_IT_IS] / cost[STRIPPED] - 1)
    is_met = percent < REACH
    print(
        f"  {case:<12}{cost[AS_IT_IS]:>12,.0f}{cost[STRIPPED]:>12,.0f}{percent:>9.2f} %"
        f"   reach {REACH:g} %: {'yes' if is_met else 'NO'}"
        f"   enters {', '.join(entered) or 'no function of a signal'}"
    )
    return is_met


def main() -> int:
    """Run every case; the exit code says whether signals cost little enough in all."""
    has_valgrind = shutil.which("valgrind") is not None
    measure, unit = (
        (counted, "instructions") if has_valgrind else (clocked, "nanoseconds")
    )
    with tempfile.TemporaryDirectory(prefix="lback-bench-") as folder:
        (Path(folder) / "page.html").write_text(PAGE, "utf-8")
        stripped = compared(next(iter(PATHS)), folder)[STRIPPED]["stripped"]
        print(f"signal_cost: {len(stripped)} statements are stripped")
        for place, text in stripped:
            print(f"  {place:<32}{text}")
        print(f"\nsignal_cost ({unit} a request)")
        print(f"  {'':<12}{AS_IT_IS:>12}{STRIPPED:>12}{'costs':>11}")
        reached = [bench(case, folder, measure) for case in PATHS]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
