"""Workers: who carries bodies from step to step, whatever happens to processes and servers."""
