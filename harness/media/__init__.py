"""Layer 1: the sample catalogue, the marker, decoding with exact timestamps, and the maker of the samples."""
