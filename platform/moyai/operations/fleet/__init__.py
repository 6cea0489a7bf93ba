"""Operations as persons handle them: planned, looked at, approved, paused, gone on with, reported."""
