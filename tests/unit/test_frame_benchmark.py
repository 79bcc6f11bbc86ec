"""The bookkeeping of `./scripts/bench frame` beside its peer: what counts as bare, and which shares are told."""

import time

import pytest

from scripts.benchmarks.beside import compare
from scripts.benchmarks.beside.account import WARM_UP, Account
from scripts.benchmarks.processes import pss_mb


def _burn(seconds: float) -> float:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
    return seconds


def test_the_second_run_of_an_inference_is_bare_and_not_part_of_the_whole() -> None:
    account, asked = Account(), []
    infer = account.twice(lambda blob: asked.append(blob) or _burn(0.004))
    for frame in range(WARM_UP + 5):
        assert infer(frame) == 0.004
        _burn(0.002)
        assert account.tick() == (frame + 1 == WARM_UP)
    assert asked == [frame for frame in range(WARM_UP + 5) for _ in range(2)]
    spent = account.ms_per_frame()
    assert spent["bare"] >= 4.0 and spent["whole"] >= 6.0


def test_memory_is_that_of_a_process() -> None:
    assert 5 < pss_mb() < 5000


def test_a_missing_peer_is_named_with_the_next_step(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(compare, "PEERS", tmp_path / "python")
    with pytest.raises(ImportError, match=r"ultralytics is not here; install it with: ./scripts/bench frame --install"):
        compare.compare(tmp_path, tmp_path, 1, 1, 1, tmp_path)


def test_shares_are_medians_of_runs_that_followed_each_other() -> None:
    def runs(*beyond: float, rules: float, pss_mb: float) -> list[dict[str, float]]:
        alike = dict.fromkeys(compare.ROWS, 1.0) | {"rules": rules, "pss_mb": pss_mb}
        return [alike | {"beyond": ms, "alike": ms - rules} for ms in beyond]

    result = compare.judged(
        {
            "ours": runs(2.0, 6.0, 1.0, rules=1.0, pss_mb=50.0),
            "ultralytics": runs(4.0, 2.0, 8.0, rules=0.0, pss_mb=100.0),
        }
    )
    assert result["our_share"] == {"beyond": 0.5, "alike": 0.25, "pss_mb": 0.5}
    assert result["ours"]["beyond"] == {"median": 2.0, "least": 1.0, "most": 6.0}
    said = compare.table({"threads": 1, "runs": 3, "frames": 9, **result})
    assert "0.50 of theirs (aim <= 0.5), 0.25 for what both do" in said
