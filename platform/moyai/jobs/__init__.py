"""Work inside an environment, with that body's credentials only, and the way to ask for it.

Two halves that meet in one line of a log (`moyai.jobs.results`): the inside half runs in a container
(`python -m moyai.jobs VERB`, `moyai.jobs.runner`), the caller's half is `moyai.jobs.submit`.
"""
