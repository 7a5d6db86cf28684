"""How the work is done: processes, memory, clusters, the work folder."""
