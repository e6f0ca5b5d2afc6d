"""Sending: claim, mark, request, settle. `Sending.work(sender)` is the body of a `send:<sender>` lane."""

from clarion.services.sending.work import Plan, Sending

__all__ = ["Plan", "Sending"]
