"""What travels over the API, as models: pure data, shared with the client."""
