"""Tests of the suspended collection of reference cycles."""

import gc

import pytest

from app.pipeline.cycles import without_cycle_collection


def test_cycles_are_collected_again_afterwards() -> None:
    with without_cycle_collection():
        assert not gc.isenabled()

    assert gc.isenabled()


def test_cycles_are_collected_again_after_a_failure() -> None:
    with pytest.raises(ValueError, match="damaged"), without_cycle_collection():
        raise ValueError("damaged")

    assert gc.isenabled()


def test_it_may_be_nested() -> None:
    with without_cycle_collection():
        with without_cycle_collection():
            pass

        assert not gc.isenabled()


def test_what_was_read_is_not_walked_as_if_it_were_new() -> None:
    with without_cycle_collection():
        read = [{"figure": [number]} for number in range(5_000)]
        young = gc.get_count()[0]

    assert young > len(read)
    assert gc.get_count()[0] < len(read)
