"""Requests to addresses that authors choose: one guarded client, see docs/adr/0015-one-guarded-client.md."""
