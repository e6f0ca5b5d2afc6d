"""Which event loops the contract tests run on."""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Both loops for the transport, because they word and time errors differently; uvloop for the rest."""
    return LOOPS if item.path.name == "test_transport.py" else {"uvloop": uvloop.new_event_loop}
