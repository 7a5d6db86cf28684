"""Progress: what is left is told from the pace, and nothing before it is known."""

import pytest

from gradshift.running import progress as progressing
from gradshift.running.progress import Pace, duration, progress


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_steps_of_the_kind_that_takes_long_count_for_more():
    clock = Clock()
    pace = Pace([9, 9, 1, 1], clock)
    assert pace.seconds_left is None
    clock.now = 18.0
    pace.advance(9)
    assert pace.share == pytest.approx(0.45)
    assert pace.seconds_left == pytest.approx(18 * 11 / 9)


def test_steps_of_an_earlier_run_do_not_promise_that_the_rest_is_as_quick():
    clock = Clock()
    pace = Pace([1.0] * 100, clock)
    for _ in range(50):  # all there already
        pace.advance(1)
    for second in range(10, 101, 10):
        clock.now = float(second)
        pace.advance(1)
    assert pace.seconds_left == pytest.approx(400, rel=0.05)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(20, "less than a minute"), (150, "about 2 min"), (3600, "about 60 min"),
     (4 * 3600 + 1700, "about 4.5 h")],
)  # fmt: skip
def test_a_duration_is_as_exact_as_is_known(seconds, told):
    assert duration(seconds) == told


@pytest.mark.parametrize(("quiet", "lines"), [(False, 10), (True, 0)])
def test_a_pipe_gets_a_line_for_every_tenth(monkeypatch, quiet, lines):
    messages = []
    monkeypatch.setattr(
        progressing.logger, "info", lambda text, *words: messages.append(text % words)
    )
    with progress([1.0] * 200, quiet=quiet) as advance:
        for _ in range(200):
            advance(1.0)
    assert len(messages) == lines
    assert not messages or messages[-1].startswith("200 of 200 steps done")


def test_work_without_weight_is_shown_too(capsys):
    with progress([0.0, 0.0]) as advance:
        advance(0.0)
    with progress([]):
        pass
