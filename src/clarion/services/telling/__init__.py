"""Telling customers' systems what happens: subscriptions, deliveries made of news, and their sending."""
