"""Pages and drawings of the boards, made from their tables."""
