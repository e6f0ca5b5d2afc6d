"""The WhatsApp Cloud API, as far as a sender of messages meets it."""
