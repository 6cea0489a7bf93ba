"""The local `aws` provider plugin: a table of resource types, each a small handler on boto3."""
