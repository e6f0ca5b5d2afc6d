"""Who may ask: users, sessions, API keys; and the log of what they did."""
