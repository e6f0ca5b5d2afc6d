"""WhatsApp and Twilio simulators over real HTTP: strangers, which import nothing else of Clarion."""
