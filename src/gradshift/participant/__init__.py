"""The participant level: what every kind of scan needs, and the graph of its steps."""
