"""A neural synthesizer for Eurorack: volts and gates in, a trained instrument out."""

__version__ = "0.1.0"
