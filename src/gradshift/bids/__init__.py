"""The only code that knows BIDS: finding inputs, naming outputs."""
