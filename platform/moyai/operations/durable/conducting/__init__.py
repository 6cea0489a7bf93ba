"""Operations conducted: what begins, waits, is held and ends."""
