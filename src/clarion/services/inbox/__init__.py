"""The inbox: conversations with people, read, answered, handed from one of us to another, and closed."""
