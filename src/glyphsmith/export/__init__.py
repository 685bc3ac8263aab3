"""From a trained network to one file: preparation as operators, ONNX, and the gate that compares the two."""
