"""segml: warehouse-native customer segmentation for e-commerce."""

__version__ = "0.1.0"
