"""A batch gathers the sessions that one worker has at hand."""

from __future__ import annotations

from edunn_serving.keys import SessionKey
from server.last_workers import AtHand, LastWorkers

LIVE = ("one", "other")


def key(session: str) -> SessionKey:
    return SessionKey("", session)


def last_workers() -> LastWorkers:
    last = LastWorkers()
    last.note([key("a"), key("b")], "one")
    last.note([key("c")], "other")
    last.note([key("d")], "dead")
    return last


def chosen(at_hand: AtHand, sessions: str) -> str:
    return "".join(session for session in sessions if at_hand.choose(key(session)))


def test_sessions_of_the_first_ones_worker_are_chosen() -> None:
    assert chosen(AtHand(last_workers(), LIVE, ()), "acb") == "ab"


def test_any_worker_may_run_new_sessions_and_those_of_a_dead_worker() -> None:
    assert chosen(AtHand(last_workers(), LIVE, ()), "ndcab") == "ndc"


def test_sessions_of_a_busy_worker_wait_for_it() -> None:
    assert chosen(AtHand(last_workers(), LIVE, {"one"}), "abcd") == "cd"


def test_worker_of_a_batch_has_all_its_sessions_at_hand() -> None:
    own, new, nobodys = (AtHand(last_workers(), LIVE, ()) for _ in range(3))
    chosen(own, "abc")
    chosen(new, "abn")
    assert (own.worker, new.worker, nobodys.worker) == ("one", "", "")
