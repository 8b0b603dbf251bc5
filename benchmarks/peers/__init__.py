"""What the quality benchmark compares segml with, and on what."""
