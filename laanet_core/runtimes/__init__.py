"""Runtimes of the network's forward pass behind one interface: torch eager, OpenVINO and CUDA graphs."""
