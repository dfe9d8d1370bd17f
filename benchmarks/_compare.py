"""Measure contestants in turn, round by round, and print ratios.

The machine's speed drifts; contestants that take turns drift together, so that the
ratio of their medians holds where single times do not.
"""

import statistics
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence

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
    ours: Sequence[str] = (),
) -> bool:
    """Print medians with their spread, and our ratio to each contestant.

    Args:
        title: What was measured.
        seconds: What :func:`interleaved` returned.
        unit: The unit's name and how many of it make a second.
        reach: The ratio wanted to some contestants.
        ours: The contestants that have to reach it. Default: the first one.

    Returns:
        Whether every wanted ratio is reached.
    """
    name, factor = unit
    ours = ours or tuple(seconds)[:1]
    middles = {name: statistics.median(times) for name, times in seconds.items()}
    width = max(12, *(len(name) + 2 for name in seconds))
    heads = [f"{one} / it" for one in ours] if len(ours) > 1 else ["ours / it"]
    columns = [max(21, len(head)) for head in heads]
    reached = True
    print(f"\n{title} ({len(seconds[ours[0]])} rounds, {name})")
    print(_line("", ("median", "min", "max"), heads, width, columns))
    for contestant, times in seconds.items():
        verdicts = []
        for one in ours:
            ratio = middles[one] / middles[contestant]
            wanted = reach.get(contestant)
            is_met = wanted is None or ratio <= wanted
            reached = reached and is_met
            verdict = f"{ratio:.2f}"
            if wanted is not None:
                verdict += f"   reach {wanted:g}: {'yes' if is_met else 'NO'}"
            verdicts.append(verdict)
        cells = (middles[contestant], min(times), max(times))
        numbers = [f"{cell * factor:.2f}" for cell in cells]
        print(_line(contestant, numbers, verdicts, width, columns))
    return reached


def _line(
    name: str,
    numbers: Sequence[str],
    verdicts: Sequence[str],
    width: int,
    columns: Sequence[int],
) -> str:
    """Lay out one line of the table."""
    left = "".join(f"{number:>13}" for number in numbers)
    cells = zip(verdicts, columns, strict=True)
    right = "   ".join(f"{verdict:<{column}}" for verdict, column in cells)
    return f"  {name:<{width}}{left}   {right}".rstrip()
