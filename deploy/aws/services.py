"""The tasks: workers, the API and the page as services, and jobs that the state machine starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deploy.aws.network import API_PORT, HEALTH_PORT, PAGE_PORT
from deploy.aws.store import DATABASE, OWNER, PORT
from deploy.aws.words import Json, att, ref, resource, sub

CONTAINER = "assay"
HOME, SCRATCH = "/var/lib/assay", "/tmp"  # noqa: S108 - the task's own
STOP_SECONDS = 120
"""The most that Fargate gives; a worker ends after the step in hand, and what is cut off goes on elsewhere."""
KEEP_LOGS_DAYS = 90
ANY = "0.0.0.0"  # noqa: S104 - security groups say who comes near
STORE = f"postgresql://{OWNER}@${{Host}}:{PORT}/{DATABASE}?sslmode=require"
"""libpq has the password from PGPASSWORD."""
SHELL = "Page"
"""The one task in which a shell can be opened: to add users, and with the fewest permissions."""
WORKER = ["worker", "--health-port", str(HEALTH_PORT)]
API = ["api", "--host", ANY, "--port", str(API_PORT), "--no-worker"]
PAGE = ["ui", "--host", ANY, "--port", str(PAGE_PORT), "--no-worker"]


def services() -> Json:
    """The resources."""
    return {
        "Cluster": resource("ECS::Cluster", ClusterSettings=[{"Name": "containerInsights", "Value": "enabled"}]),
        "Logs": resource("Logs::LogGroup", RetentionInDays=KEEP_LOGS_DAYS),
        "WorkerTask": _task("Worker", WORKER, f"http://127.0.0.1:{HEALTH_PORT}/health"),
        "ApiTask": _task("Api", API, f"http://127.0.0.1:{API_PORT}/health", API_PORT),
        "PageTask": _task("Page", PAGE, f"http://127.0.0.1:{PAGE_PORT}/_stcore/health", PAGE_PORT),
        "JobTask": _task("Job", ["--help"]),
        "Workers": _service("WorkerTask", ref("WorkerCount")),
        "Api": _service("ApiTask", 1, API_PORT),
        "Page": _service("PageTask", 1, PAGE_PORT),
    }


def _task(name: str, command: Sequence[str], healthy: str = "", port: int = 0) -> Json:
    container: Json = {
        "Name": CONTAINER,
        "Image": ref("Image"),
        "Command": list(command),
        "Essential": True,
        "Environment": [{"Name": key, "Value": value} for key, value in _environment(name).items()],
        "Secrets": [
            {"Name": "PGPASSWORD", "ValueFrom": sub("${DatabaseSecret}:password::")},
            {"Name": "ASSAY_AUDIT_KEY", "ValueFrom": ref("AuditKey")},
        ],
        "MountPoints": [_mount("home", HOME), _mount("scratch", SCRATCH)],
        # Where admins open a shell, the agent that opens it has to write.
        "ReadonlyRootFilesystem": name != SHELL,
        "LinuxParameters": {"InitProcessEnabled": True},
        "StopTimeout": STOP_SECONDS,
        "LogConfiguration": {"LogDriver": "awslogs", "Options": _log(name)},
    }
    if healthy:
        check = ["CMD", "assay", "health", healthy]
        container["HealthCheck"] = {"Command": check, "Interval": 30, "Timeout": 10, "Retries": 3, "StartPeriod": 60}
    if port:
        container["PortMappings"] = [{"ContainerPort": port}]
    return resource(
        "ECS::TaskDefinition",
        RequiresCompatibilities=["FARGATE"],
        NetworkMode="awsvpc",
        Cpu=ref("TaskCpu"),
        Memory=ref("TaskMemory"),
        ExecutionRoleArn=att("ExecutionRole", "Arn"),
        TaskRoleArn=att(f"{name}Role", "Arn"),
        ContainerDefinitions=[container],
        Volumes=[_home(), {"Name": "scratch"}],
    )


def _environment(name: str) -> dict[str, Any]:
    shared = {
        "ASSAY_DATABASE_URL": {"Fn::Sub": [STORE, {"Host": att("Store", "Endpoint.Address")}]},
        "ASSAY_MODEL": ref("Model"),
        "ASSAY_HOME": HOME,
        # Named, it counts as there: the page and the API start before the first user is added.
        "ASSAY_USERS": f"{HOME}/users.toml",
        "HOME": SCRATCH,
    }
    return {**shared, "ASSAY_QUEUES": ref("Arrivals")} if name == "Worker" else shared


def _log(name: str) -> Json:
    return {"awslogs-group": ref("Logs"), "awslogs-region": ref("AWS::Region"), "awslogs-stream-prefix": name.lower()}


def _mount(volume: str, path: str) -> Json:
    return {"SourceVolume": volume, "ContainerPath": path}


def _home() -> Json:
    access = {"AccessPointId": ref("HomeAccess"), "IAM": "ENABLED"}
    volume = {"FilesystemId": ref("Home"), "TransitEncryption": "ENABLED", "AuthorizationConfig": access}
    return {"Name": "home", "EFSVolumeConfiguration": volume}


def placed() -> Json:
    """Where tasks run."""
    return {
        "AwsvpcConfiguration": {
            "Subnets": [ref("SubnetA"), ref("SubnetB")],
            "SecurityGroups": [att("TaskDoor", "GroupId")],
            "AssignPublicIp": "DISABLED",
        }
    }


def _service(task: str, count: Any, port: int = 0) -> Json:
    door: Json = {}
    if port:
        targets = ref("ApiTargets" if port == API_PORT else "PageTargets")
        door = {
            "LoadBalancers": [{"ContainerName": CONTAINER, "ContainerPort": port, "TargetGroupArn": targets}],
            "HealthCheckGracePeriodSeconds": 120,
        }
    return resource(
        "ECS::Service",
        after=["Listener", "ApiPaths", "HomeInA", "HomeInB"],
        Cluster=ref("Cluster"),
        TaskDefinition=ref(task),
        DesiredCount=count,
        LaunchType="FARGATE",
        EnableExecuteCommand=task == f"{SHELL}Task",
        NetworkConfiguration=placed(),
        DeploymentConfiguration={
            "MinimumHealthyPercent": 100,
            "MaximumPercent": 200,
            "DeploymentCircuitBreaker": {"Enable": True, "Rollback": True},
        },
        **door,
    )
