"""The cortex as the measures see it: regions, networks, graphs, gradients, a session."""
