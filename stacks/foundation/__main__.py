"""What all bodies share: stack `shared` is what an account has once, `cell-<name>` one cell."""

import pulumi

from moyai.infra.cell import Cell, CellArgs
from moyai.infra.outputs import SHARED_STACK, export
from moyai.infra.program import providers, read_inputs, shared_outputs
from moyai.infra.scope import Scope
from moyai.infra.shared import Shared
from moyai.planning import names

inputs = read_inputs()
federation = inputs.registry.federation
scope = Scope(federation, inputs.site)
stack = pulumi.get_stack()
options = providers(inputs.site)

if stack == SHARED_STACK:
    export(Shared("shared", scope, options).outputs)
else:
    spec = inputs.registry.cell(stack.removeprefix("cell-"))
    shared = shared_outputs()
    cell = Cell(
        stack,
        CellArgs(
            names.cell_prefix(federation, spec.name),
            spec.cidr,
            scope,
            shared,
            shared.platform_key_arn,
            [f"*.{federation.domain}", *names.certificate_domains(inputs.registry)],
            "moyai/*",
        ),
        options,
    )
    export(cell.outputs)
