"""`python -m moyai.sandbox.aws`: serve the local `aws` plugin."""

from threading import Thread

from moyai.provider.serving import serve
from moyai.sandbox.aws.client import get_ready
from moyai.sandbox.aws.configuration import plugin
from moyai.sandbox.aws.table import services

Thread(target=get_ready, args=(services(),), daemon=True).start()
serve(plugin())
