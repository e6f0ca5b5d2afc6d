"""What programs ask for about people: keep them in step, forget them, tell what is known of them."""
