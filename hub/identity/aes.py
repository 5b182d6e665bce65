"""AES-128 of one block: what Eddystone-EID is made of."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def encrypt(key: bytes, block: bytes) -> bytes:
    """One block, without a mode: the specification hides nothing but the key."""
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)  # noqa: S305  as specified
