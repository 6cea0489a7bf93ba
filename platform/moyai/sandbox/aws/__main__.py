"""`python -m moyai.sandbox.aws`: serve the local `aws` plugin."""

from moyai.provider.serving import serve
from moyai.sandbox.aws.table import plugin

serve(plugin())
