"""`python -m moyai.sandbox.aws`: serve the local `aws` plugin."""

from moyai.provider.serving import serve
from moyai.sandbox.aws.configuration import plugin

serve(plugin())
