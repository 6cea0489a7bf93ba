"""What all bodies share: stack `shared` is what an account has once, `cell-<name>` one cell."""

import pulumi

from moyai.infra.cell import Cell, CellArgs
from moyai.infra.outputs import export
from moyai.infra.program import providers, read_inputs, shared_outputs
from moyai.infra.scope import Scope
from moyai.infra.shared import Shared, SharedArgs
from moyai.planning import names
from moyai.planning.budgets import aws_budgets
from moyai.planning.topology import SHARED

inputs = read_inputs()
federation = inputs.registry.federation
scope = Scope(federation, inputs.site)
stack = pulumi.get_stack()

if stack == SHARED:
    domains = names.certificate_domains(inputs.registry)
    budgets = aws_budgets(inputs.registry, inputs.day)
    account = Shared(SHARED, SharedArgs(scope, domains, budgets), providers(inputs.site))
    export(account.outputs)
    pulumi.export("name_servers", account.domain.zone.name_servers)
else:
    spec = inputs.cell(stack)
    shared = shared_outputs()
    cell = Cell(
        stack,
        CellArgs(
            prefix=names.cell_prefix(federation, spec.name),
            logs=names.log_group(federation, stack),
            cidr=spec.cidr,
            scope=scope,
            shared=shared,
            key_arn=shared.platform_key_arn,
        ),
        providers(inputs.site),
    )
    export(cell.outputs)
