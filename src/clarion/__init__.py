"""Clarion: WhatsApp and SMS campaigns and journeys, each message once, at exactly the sender's rate."""

__version__ = "0.1.0"
