"""Keys at a real terminal: one at a time, none from before the question, no arrow taken for a letter."""

import os
import pty
import termios
from types import SimpleNamespace

import pytest

from ui.cli import keyboard
from ui.cli.keyboard import Keyboard


@pytest.fixture
def terminal(monkeypatch):
    """The end of a terminal at which keys are pressed; the other end is the standard input."""
    keys, screen = pty.openpty()
    monkeypatch.setattr(keyboard.sys, "stdin", SimpleNamespace(fileno=lambda: screen))
    yield SimpleNamespace(press=lambda text: os.write(keys, text.encode()), screen=screen)
    os.close(keys)
    os.close(screen)


def test_keys_come_one_at_a_time(terminal):
    with Keyboard() as keys:
        terminal.press("aé")
        assert [keys.key(), keys.key()] == ["a", "é"]


def test_an_arrow_is_not_the_letter_that_ends_its_sequence(terminal):
    with Keyboard() as keys:
        terminal.press("\x1b[A\x1bOA\x1b[1;5Aq")
        assert keys.key() == "q"


def test_what_was_typed_before_the_question_is_dropped(terminal):
    with Keyboard() as keys:
        terminal.press("aa")
        assert keys.key() == "a"
        keys.forget()
        terminal.press("s")
        assert keys.key() == "s"


def test_ctrl_d_is_the_end_of_the_input(terminal):
    with Keyboard() as keys:
        terminal.press("\x04")
        with pytest.raises(EOFError):
            keys.key()


def test_the_terminal_is_given_back_as_it_was(terminal):
    before = termios.tcgetattr(terminal.screen)

    def interrupted() -> None:
        with Keyboard():
            assert termios.tcgetattr(terminal.screen) != before
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert termios.tcgetattr(terminal.screen) == before
