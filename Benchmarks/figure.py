"""What a measure finds: one figure, and the goal it is held against if it has one."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Figure:
    measure: str
    what: str
    value: str
    goal: str = ""
    # None: there is no goal.
    is_met: bool | None = None

    @property
    def verdict(self):
        return {None: "", True: "met", False: "MISSED"}[self.is_met]


def at_most(measure, what, value, limit, unit, digits=1):
    """A figure whose goal is `limit` or less, decided on the exact value and not on the rounded one."""
    shown, goal = f"{value:.{digits}f} {unit}".rstrip(), f"≤ {limit:g} {unit}".rstrip()
    return Figure(measure, what, shown, goal, value <= limit)


def at_least(measure, what, value, limit, unit, digits=1):
    """A figure whose goal is `limit` or more, decided on the exact value and not on the rounded one."""
    shown, goal = f"{value:.{digits}f} {unit}".rstrip(), f"≥ {limit:g} {unit}".rstrip()
    return Figure(measure, what, shown, goal, value >= limit)


def below(measure, what, value, limit, unit, digits=2):
    """A figure whose goal is less than `limit`."""
    shown, goal = f"{value:.{digits}f} {unit}".rstrip(), f"< {limit:g} {unit}".rstrip()
    return Figure(measure, what, shown, goal, value < limit)


def table(figures):
    """The figures as lines of aligned columns."""
    rows = [("measure", "figure", "value", "goal", "verdict")]
    rows += [(figure.measure, figure.what, figure.value, figure.goal, figure.verdict) for figure in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths)] + lines[1:])
