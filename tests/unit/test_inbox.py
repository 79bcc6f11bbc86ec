"""The inbox of the store's writer: in order, nothing lost between threads, and full it makes the other side wait."""

import threading

from collector.inbox import Inbox


def test_what_one_thread_puts_the_other_takes_in_order_whoever_waits() -> None:
    inbox: Inbox[int] = Inbox(10)
    putting = threading.Thread(target=lambda: [inbox.put(n) for n in range(2000)])
    putting.start()
    taken: list[int] = []
    while len(taken) < 2000:
        assert inbox.wait(20)
        taken += inbox.take(7)
        assert len(inbox) <= 10
    putting.join()
    assert taken == list(range(2000)) and inbox.take(7) == []


def test_a_wait_ends_with_an_errand_and_tells_that_nothing_came() -> None:
    inbox: Inbox[int] = Inbox(10)
    waiting = threading.Event()
    answers: list[bool] = []

    def wait() -> None:
        waiting.set()
        answers.append(inbox.wait(60))

    thread = threading.Thread(target=wait)
    thread.start()
    assert waiting.wait(20)
    while thread.is_alive():
        inbox.wake()
        thread.join(0.01)
    assert answers == [False]
