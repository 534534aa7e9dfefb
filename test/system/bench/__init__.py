"""The bench: a private network with real servers, and QEMU machines on it."""
