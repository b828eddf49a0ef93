"""How sure the judging is, and what it costs: `python -m bench.judging [attempts] [type ...]`.

Right answers by edunn, and by PyTorch where it is installed, are judged for as many attempts as
asked for (1000 by default) of every check of each shipped assignment, in either dtype: there may
be no false failure. Wrong Dropouts are judged as often: nearly all must be caught. The cost
is processor time of one thread, drawing the challenge and judging apart.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
from edunn_client._cli.assignment_files import NAMES, assignment_text

from bench import torch_layers
from bench.students import right_answer, run_layer
from bench.torch_students import torch_answer
from bench.wrong_dropouts import WRONG
from edunn_serving.assignments import Check, read_assignment
from worker.judging import Answer, Challenge, Place, Verdict, draw_challenge, judge

_SECRET = b"bench.judging"
_DTYPES = ("float32", "float64")
_CHECKS_OF_A_SUBMISSION = 12

Answering = Callable[[Check, Challenge], Answer | None]


def main(arguments: list[str]) -> None:
    attempts = int(arguments[0]) if arguments else 1000
    types = arguments[1:] or NAMES
    rng = np.random.default_rng(0)
    torch = torch_layers.load()
    answering: dict[str, Answering] = {
        "edunn": lambda check, challenge: right_answer(check, challenge, rng)
    }
    if torch is not None:
        answering["PyTorch"] = lambda check, challenge: torch_answer(torch, check, challenge)
    print(f"{attempts} attempts each; milliseconds of processor time")
    print(f"{'check':36} {'dtype':8} {'by':8} false   draw  judge")
    for type_ in types:
        for check in read_assignment(assignment_text(type_, "bench")).checks:
            for dtype in _DTYPES:
                of_dtype = check.model_copy(update={"dtypes": (dtype,)})
                for name, answer in answering.items():
                    _try_right(of_dtype, name, answer, attempts)
    if "Dropout" in types:
        _try_wrong(attempts)
        _time_submission()


def _try_right(check: Check, name: str, answering: Answering, attempts: int) -> None:
    failures, drawing, judging = 0, 0.0, 0.0
    for attempt in range(attempts):
        begun = time.process_time()
        challenge = draw_challenge(check, _SECRET, _place(attempt, check))
        drawing += time.process_time() - begun
        answer = answering(check, challenge)
        if answer is None:
            return
        begun = time.process_time()
        outcome = judge(check, challenge, answer, "en")
        judging += time.process_time() - begun
        failures += outcome.verdict is not Verdict.PASSED
    costs = f"{drawing / attempts * 1e3:6.2f} {judging / attempts * 1e3:6.2f}"
    label = f"{check.type} {check.id}"
    print(f"{label:36} {check.dtypes[0]:8} {name:8} {failures:5} {costs}", flush=True)


def _try_wrong(attempts: int) -> None:
    print(f"\n{'wrong Dropout':24}     p  missed  other name")
    rng = np.random.default_rng(1)
    for p in (0.2, 0.5, 0.8):
        check = Check(id="check", layer="Dropout", config={"p": p})
        for maker, bug in WRONG.items():
            if (p == 0.5 and bug == "p-as-keep") or (p == 0.8 and bug == "wrong-rate"):
                # No mistake; and a rate of 0.788, which takes more numbers to be told from 0.8.
                continue
            missed = misnamed = 0
            for attempt in range(attempts):
                challenge = draw_challenge(check, _SECRET, _place(attempt, check))
                outcome = judge(check, challenge, run_layer(maker(p, rng), challenge), "en")
                missed += outcome.verdict is not Verdict.FAILED
                misnamed += outcome.verdict is Verdict.FAILED and outcome.bug != bug
            print(f"{maker.__name__:24} {p:5} {missed:7} {misnamed:11}", flush=True)


def _time_submission() -> None:
    """Time the judging of an attempt of twelve checks of Dropout."""
    rng = np.random.default_rng(2)
    check = Check(id="check", layer="Dropout", config={"p": 0.5})
    made = []
    for attempt in range(_CHECKS_OF_A_SUBMISSION):
        challenge = draw_challenge(check, _SECRET, _place(attempt, check))
        made.append((challenge, right_answer(check, challenge, rng)))
    times = []
    for _ in range(20):
        begun = time.process_time()
        for challenge, answer in made:
            judge(check, challenge, answer, "en")
        times.append(time.process_time() - begun)
    print(f"\n{_CHECKS_OF_A_SUBMISSION} checks of Dropout: {sorted(times)[10] * 1e3:.1f} ms")


def _place(attempt: int, check: Check) -> Place:
    return Place("bench", "judging", "student", str(attempt), check.id)


if __name__ == "__main__":
    main(sys.argv[1:])
