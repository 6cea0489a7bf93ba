"""Pulumi components: typed arguments in, outputs out; nothing but pulumi and pulumi_aws."""
