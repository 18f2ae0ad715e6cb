"""What carries out the network's forward pass: torch as it is, OpenVINO, or CUDA graphs, behind one interface."""
