"""The room for answers that are not read yet."""

from __future__ import annotations

from server.answers import AnswerRoom

MOST = 1000


def room() -> tuple[AnswerRoom, list[None]]:
    told: list[None] = []
    return AnswerRoom(MOST, lambda: told.append(None)), told


def test_account_has_half_of_the_room() -> None:
    answers, _ = room()
    answers.hold("a", 300)
    assert answers.has_room("a", 200)
    assert not answers.has_room("a", 201)


def test_account_without_answers_gets_one_of_any_size_if_nobody_has_any() -> None:
    answers, _ = room()
    assert answers.has_room("a", 100 * MOST)


def test_accounts_without_answers_do_not_take_more_together_than_as_much_again() -> None:
    answers, _ = room()
    for name in range(100):
        account = str(name)
        if answers.has_room(account, 300):
            answers.hold(account, 300)
    assert not answers.has_room("late", 300)
    # Small answers come all the same.
    assert answers.has_room("late")
    held = [name for name in range(100) if not answers.has_room(str(name), 1)]
    assert len(held) == 2 * MOST // 300


def test_refused_account_is_told_once_there_is_room() -> None:
    answers, told = room()
    answers.hold("a", 600)
    answers.release("a", 50)
    assert told == []
    assert not answers.has_room("a")
    answers.release("a", 50)
    assert told == [None]
