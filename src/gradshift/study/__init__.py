"""Who is compared with what: sessions, designs, questions, model files."""
