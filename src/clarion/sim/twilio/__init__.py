"""Twilio's Programmable Messaging and Content APIs, as far as a sender of messages meets them."""
