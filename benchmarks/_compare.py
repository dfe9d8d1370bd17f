"""Measure contestants in turn, round by round, and print ratios.

The machine's speed drifts; contestants that take turns drift together, so that the
ratio of their medians holds where single times do not.
"""

import statistics
from collections.abc import Callable
from collections.abc import Mapping

ROUNDS = 21

Measure = Callable[[], float]


def interleaved(
    contestants: Mapping[str, Measure], rounds: int = ROUNDS
) -> dict[str, list[float]]:
    """Call each contestant once a round and collect the seconds it answers.

    One round before the first is not counted. Every other round runs backwards.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds + 1):
        names = list(contestants)
        for name in reversed(names) if number % 2 else names:
            taken = contestants[name]()
            if number > 0:
                seconds[name].append(taken)
    return seconds


def report(
    title: str,
    seconds: Mapping[str, list[float]],
    *,
    unit: tuple[str, float],
    reach: Mapping[str, float],
) -> bool:
    """Print medians with their spread, and the first contestant's ratio to each.

    Args:
        title: What was measured.
        seconds: What :func:`interleaved` returned; the first one is ours.
        unit: The unit's name and how many of it make a second.
        reach: The ratio wanted to some contestants.

    Returns:
        Whether every wanted ratio is reached.
    """
    name, factor = unit
    ours, *_ = seconds
    reached = True
    print(f"\n{title} ({len(seconds[ours])} rounds, {name})")
    print(f"  {'':<12}{'median':>10}{'min':>10}{'max':>10}   ours / it")
    for contestant, times in seconds.items():
        middle = statistics.median(times)
        ratio = statistics.median(seconds[ours]) / middle
        wanted = reach.get(contestant)
        verdict = ""
        if wanted is not None:
            is_met = ratio <= wanted
            reached = reached and is_met
            verdict = f"   reach {wanted:g}: {'yes' if is_met else 'NO'}"
        cells = "".join(
            f"{x * factor:>10.2f}" for x in (middle, min(times), max(times))
        )
        print(f"  {contestant:<12}{cells}   {ratio:.2f}{verdict}")
    return reached
