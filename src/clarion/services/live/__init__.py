"""Live streams: one look at the database for everybody of a workspace who listens."""

from clarion.services.live.hub import Full, Live
from clarion.services.live.listener import Listener, Parcel
from clarion.services.live.marks import Mark
from clarion.services.live.topics import NEEDS, Topic

__all__ = ["NEEDS", "Full", "Listener", "Live", "Mark", "Parcel", "Topic"]
