"""The endpoints, a module for each noun."""

from collections.abc import Sequence

from clarion.api.operation import Router
from clarion.api.routers import keys

ALL: Sequence[Router] = (keys.router,)
"""Every router below /api/v1, in the order of the documentation."""
