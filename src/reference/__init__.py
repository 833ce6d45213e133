"""The other side: JAX twins, oracles, proofs and checks for hand-written recurrent backwards."""
