"""gradshift in Python: what an output holds, and runs. Nothing here computes or draws."""
