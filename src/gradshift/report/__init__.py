"""What people read: pages, methods text, references."""
