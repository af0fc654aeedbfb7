"""Who reaches whom: people the load balancer, it the page and the API, tasks the database and the file system."""

from __future__ import annotations

from collections.abc import Sequence

from deploy.aws.store import PORT
from deploy.aws.words import Json, att, ref, resource

API_PORT, PAGE_PORT, HEALTH_PORT = 8600, 8501, 8602
HTTPS, NFS = 443, 2049
TLS = "ELBSecurityPolicy-TLS13-1-2-2021-06"


def network() -> Json:
    """The resources, in a network that is there already."""
    from_people = {"IpProtocol": "tcp", "FromPort": HTTPS, "ToPort": HTTPS, "CidrIp": ref("ClientCidr")}
    return {
        "FrontDoor": _door("The load balancer", [{**from_people, "Description": "People and programs"}]),
        "TaskDoor": _door("Tasks of Assay", [_from("FrontDoor", API_PORT), _from("FrontDoor", PAGE_PORT)]),
        "StoreDoor": _door("The store of Assay", [_from("TaskDoor", PORT)]),
        "HomeDoor": _door("The file system of Assay", [_from("TaskDoor", NFS)]),
        "Balancer": resource(
            "ElasticLoadBalancingV2::LoadBalancer",
            Scheme="internal",
            Subnets=[ref("SubnetA"), ref("SubnetB")],
            SecurityGroups=[att("FrontDoor", "GroupId")],
            LoadBalancerAttributes=[
                # The API's streams and the page's sockets are quiet for a while.
                {"Key": "idle_timeout.timeout_seconds", "Value": "300"},
                {"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "true"},
            ],
        ),
        "Listener": resource(
            "ElasticLoadBalancingV2::Listener",
            LoadBalancerArn=ref("Balancer"),
            Port=HTTPS,
            Protocol="HTTPS",
            SslPolicy=TLS,
            Certificates=[{"CertificateArn": ref("CertificateArn")}],
            DefaultActions=[_to("PageTargets")],
        ),
        "ApiPaths": resource(
            "ElasticLoadBalancingV2::ListenerRule",
            ListenerArn=ref("Listener"),
            Priority=10,
            Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api/*", "/health", "/ready"]}}],
            Actions=[_to("ApiTargets")],
        ),
        "ApiTargets": _targets(API_PORT, "/ready"),
        # A session lives in the memory of one task.
        "PageTargets": _targets(PAGE_PORT, "/_stcore/health", {"stickiness.enabled": "true"}),
    }


def _door(about: str, ingress: Sequence[Json]) -> Json:
    return resource(
        "EC2::SecurityGroup", GroupDescription=about, VpcId=ref("VpcId"), SecurityGroupIngress=list(ingress)
    )


def _from(door: str, port: int) -> Json:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "SourceSecurityGroupId": att(door, "GroupId")}


def _to(targets: str) -> Json:
    return {"Type": "forward", "TargetGroupArn": ref(targets)}


def _targets(port: int, healthy: str, more: dict[str, str] | None = None) -> Json:
    attributes = {"deregistration_delay.timeout_seconds": "30", **(more or {})}
    return resource(
        "ElasticLoadBalancingV2::TargetGroup",
        VpcId=ref("VpcId"),
        TargetType="ip",
        Protocol="HTTP",
        Port=port,
        HealthCheckPath=healthy,
        TargetGroupAttributes=[{"Key": key, "Value": value} for key, value in attributes.items()],
    )
