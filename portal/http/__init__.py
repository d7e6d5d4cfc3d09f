"""What must be plain HTTP: sign-in posts, /pay, webhooks, documents, health."""
