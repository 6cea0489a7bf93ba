"""One body's environment; the stack is named by the body's code."""

import pulumi

from moyai.infra.environment import Environment, EnvironmentArgs
from moyai.infra.program import cell_outputs, providers, read_inputs, shared_outputs
from moyai.planning.topology import enters_cell

inputs = read_inputs()
body = inputs.body(pulumi.get_stack())

environment = Environment(
    body.code,
    EnvironmentArgs(
        registry=inputs.registry,
        site=inputs.site,
        body=body,
        day=inputs.day,
        releases=inputs.releases,
        shared=shared_outputs(),
        cell=cell_outputs(body.cell) if enters_cell(body) else None,
    ),
    providers(inputs.site),
)
for name, value in environment.outputs.items():
    pulumi.export(name, value)
