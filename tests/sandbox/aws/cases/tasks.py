"""Task clusters, task definitions, services."""

from __future__ import annotations

import json

from case import Case, Maker, World

from cases.network import group, subnet, vpc
from cases.security import trust


def containers(image: str = "app:1") -> str:
    return json.dumps(
        [
            {
                "name": "app",
                "image": image,
                "essential": True,
                "portMappings": [{"containerPort": 8080, "protocol": "tcp"}],
                "environment": [{"name": "Z", "value": "1"}, {"name": "A", "value": "2"}],
            }
        ]
    )


def cluster(world: World) -> str:
    return world.make("aws:ecs/cluster:Cluster", "cluster", {}).id


def task(world: World, name: str = "task", image: str = "app:1") -> str:
    inputs = {
        "family": f"{world.name}-{name}",
        "cpu": "256",
        "memory": "512",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions": containers(image),
    }
    made = world.make("aws:ecs/taskDefinition:TaskDefinition", name, inputs)
    return str(made.outputs["arn"])


def ecs_cluster(world: World) -> Case:
    insights = {"name": "containerInsights", "value": "enabled"}
    return Case(
        {"name": "moyai-test", "settings": [insights]},
        update={
            "settings": [{**insights, "value": "disabled"}],
            "configuration": {"executeCommandConfiguration": {"logging": "NONE"}},
        },
        replace={"name": "another"},
        drift=lambda aws, it: aws("ecs").update_cluster(cluster=it.id, settings=[insights]),
        drifted=frozenset({"settings"}),
        import_id=lambda it: "moyai-test",
    )


def capacity_providers(world: World) -> Case:
    home = world.make("aws:ecs/cluster:Cluster", "cluster", {"name": "moyai-test"})
    del home
    strategy = {"capacityProvider": "FARGATE", "base": 1, "weight": 100}
    return Case(
        {"clusterName": "moyai-test", "capacityProviders": ["FARGATE", "FARGATE_SPOT"]},
        update={"defaultCapacityProviderStrategies": [strategy]},
        replace={"clusterName": "another"},
        drift=lambda aws, it: aws("ecs").put_cluster_capacity_providers(
            cluster=it.id, capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=[]
        ),
        drifted=frozenset({"capacityProviders", "defaultCapacityProviderStrategies"}),
    )


def task_definition(world: World) -> Case:
    role = world.make("aws:iam/role:Role", "task", {"assumeRolePolicy": trust()}).outputs["arn"]
    return Case(
        {
            "family": "moyai-test",
            "cpu": "256",
            "memory": "512",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "taskRoleArn": role,
            "executionRoleArn": role,
            "containerDefinitions": containers(),
            "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
            "volumes": [{"name": "scratch"}],
        },
        update={"trackLatest": True},
        replace={"containerDefinitions": containers("app:2"), "cpu": "512"},
        drift=lambda aws, it: aws("ecs").deregister_task_definition(
            taskDefinition=it.outputs["arn"]
        ),
        import_id=lambda it: str(it.outputs["arn"]),
        unread=frozenset({"trackLatest"}),
    )


def service(world: World) -> Case:
    home = vpc(world)
    target = world.make(
        "aws:lb/targetGroup:TargetGroup",
        "target",
        {
            "name": "moyai-test",
            "port": 8080,
            "protocol": "HTTP",
            "targetType": "ip",
            "vpcId": home,
        },
    )
    load_balancer = {
        "targetGroupArn": target.id,
        "containerName": "app",
        "containerPort": 8080,
    }
    subnets = [subnet(world, home, 1), subnet(world, home, 2, "c")]
    network = {"subnets": subnets, "securityGroups": [group(world, home)]}
    return Case(
        {
            "name": "moyai-test",
            "cluster": cluster(world),
            "taskDefinition": task(world),
            "desiredCount": 2,
            "launchType": "FARGATE",
            "networkConfiguration": network,
            "loadBalancers": [load_balancer],
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "healthCheckGracePeriodSeconds": 60,
        },
        update={
            "taskDefinition": task(world, "second", "app:2"),
            "desiredCount": 1,
            "networkConfiguration": {**network, "subnets": subnets[:1]},
            "enableExecuteCommand": True,
            "loadBalancers": [],
        },
        replace={"cluster": "another", "launchType": "EC2", "name": "another"},
        drift=lambda aws, it: aws("ecs").update_service(
            cluster=it.id.split("/")[-2], service=it.id, desiredCount=5
        ),
        drifted=frozenset({"desiredCount"}),
        import_id=lambda it: "/".join(it.id.split("/")[-2:]),
        unread=frozenset({"deploymentCircuitBreaker", "healthCheckGracePeriodSeconds"}),
    )


CASES: dict[str, Maker] = {
    "aws:ecs/cluster:Cluster": ecs_cluster,
    "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": capacity_providers,
    "aws:ecs/service:Service": service,
    "aws:ecs/taskDefinition:TaskDefinition": task_definition,
}
