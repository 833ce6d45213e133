"""Training of the character model on real text, its gradients checked against JAX on the way."""
