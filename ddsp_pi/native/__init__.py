"""The native kernel: the inner loops in C, for whom numpy is the oracle and the fallback."""
