"""What the product costs beside the limit measured in the same run, and how it does on real imagery; not tests."""
