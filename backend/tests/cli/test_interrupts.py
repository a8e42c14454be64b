"""A signal ends a command as an interrupt, wherever it arrives."""

import os
import signal
from typing import Annotated

import pytest
from pydantic import BaseModel, PlainSerializer

from app.cli.interrupts import Terminated, interruptible


def _terminate(value: int) -> int:
    os.kill(os.getpid(), signal.SIGTERM)
    return value


class Slow(BaseModel):
    number: Annotated[int, PlainSerializer(_terminate)] = 1


def test_a_signal_while_a_form_is_written_is_an_interrupt() -> None:
    with pytest.raises(Terminated), interruptible():
        Slow().model_dump()


def test_an_error_without_a_signal_stays_as_it_is() -> None:
    with pytest.raises(ValueError, match="wrong"), interruptible():
        raise ValueError("wrong")


def _signal_twice() -> None:
    try:
        signal.raise_signal(signal.SIGINT)
    finally:
        signal.raise_signal(signal.SIGTERM)


def test_a_second_signal_is_ignored_while_the_first_is_dealt_with() -> None:
    with pytest.raises(KeyboardInterrupt) as caught, interruptible():
        _signal_twice()
    assert not isinstance(caught.value, Terminated)
