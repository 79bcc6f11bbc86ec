"""Power cuts under the outbox, a slice of `./scripts/drill power`; and the drill finds an outbox that is broken."""

import pytest

from scripts.drills.power import cut_power

SEED = 20260302


def test_nothing_committed_is_lost_over_power_cuts() -> None:
    verdict = cut_power(SEED, cuts=300)
    assert verdict.line == "lost=0 duplicated=0 verdict=PASS", verdict
    assert verdict.figures["power cuts"] == 300
    assert all(verdict.figures.values()), "something never came to pass"


@pytest.mark.parametrize("mutant", ["synchronous-normal", "shed-without-notice"])
def test_a_broken_outbox_does_not_pass(mutant: str) -> None:
    verdict = cut_power(SEED, cuts=60, mutant=mutant)
    assert not verdict.passed and verdict.lost > 0


def test_the_same_seed_gives_the_same_cuts() -> None:
    assert cut_power(7, cuts=20) == cut_power(7, cuts=20) != cut_power(8, cuts=20)
