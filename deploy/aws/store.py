"""What has to last: the database, its secrets, and the file system for users and the anchor of the audit log."""

from __future__ import annotations

from deploy.aws.words import Json, att, ref, resource, sub

DATABASE, OWNER, PORT = "assay", "assay", 5432
OWNER_ID = "10001"
"""The user in the container, as deploy/container makes it."""
POSTGRES = "17"
"""pgvector comes with every version of RDS for Postgres from 15 on."""


def store() -> Json:
    """The resources."""
    return {**_secrets(), **_database(), **_home()}


def _secrets() -> Json:
    password = {"PasswordLength": 40, "ExcludePunctuation": True}
    login = {**password, "SecretStringTemplate": f'{{"username": "{OWNER}"}}', "GenerateStringKey": "password"}
    return {
        "DatabaseSecret": resource(
            "SecretsManager::Secret", Description="The owner of Assay's store.", GenerateSecretString=login
        ),
        "AuditKey": resource(
            "SecretsManager::Secret",
            keep=True,
            Description="Signs the audit log. Whoever loses it can check no entry any more.",
            GenerateSecretString={**password, "PasswordLength": 64},
        ),
    }


def _database() -> Json:
    # The newest minor version is asked for, and the linter knows full ones only.
    unpinned: Json = {"Metadata": {"cfn-lint": {"config": {"ignore_checks": ["W3691"]}}}}
    secret = "{{resolve:secretsmanager:${DatabaseSecret}:SecretString:password}}"  # noqa: S105 - a reference to it
    return {
        "StoreSubnets": resource(
            "RDS::DBSubnetGroup", DBSubnetGroupDescription="Assay's store", SubnetIds=[ref("SubnetA"), ref("SubnetB")]
        ),
        "StoreParameters": resource(
            "RDS::DBParameterGroup",
            Description="Assay's store: no connection in the clear",
            Family=f"postgres{POSTGRES}",
            Parameters={"rds.force_ssl": "1"},
        ),
        "Store": unpinned
        | resource(
            "RDS::DBInstance",
            keep=True,
            Engine="postgres",
            EngineVersion=POSTGRES,
            DBInstanceClass=ref("DatabaseClass"),
            DBName=DATABASE,
            MasterUsername=OWNER,
            MasterUserPassword=sub(secret),
            AllocatedStorage="20",
            MaxAllocatedStorage=200,
            StorageType="gp3",
            StorageEncrypted=True,
            BackupRetentionPeriod=14,
            CopyTagsToSnapshot=True,
            DeletionProtection=True,
            MultiAZ={"Fn::If": ["TwoZones", True, False]},
            AutoMinorVersionUpgrade=True,
            PubliclyAccessible=False,
            DBSubnetGroupName=ref("StoreSubnets"),
            DBParameterGroupName=ref("StoreParameters"),
            VPCSecurityGroups=[att("StoreDoor", "GroupId")],
        ),
    }


def _home() -> Json:
    mounts = {
        f"HomeIn{zone}": resource(
            "EFS::MountTarget",
            FileSystemId=ref("Home"),
            SubnetId=ref(f"Subnet{zone}"),
            SecurityGroups=[att("HomeDoor", "GroupId")],
        )
        for zone in "AB"
    }
    owner = {"Uid": OWNER_ID, "Gid": OWNER_ID}
    return {
        "Home": resource("EFS::FileSystem", keep=True, Encrypted=True, BackupPolicy={"Status": "ENABLED"}),
        "HomeAccess": resource(
            "EFS::AccessPoint",
            FileSystemId=ref("Home"),
            PosixUser=owner,
            RootDirectory={
                "Path": "/assay",
                "CreationInfo": {"OwnerUid": OWNER_ID, "OwnerGid": OWNER_ID, "Permissions": "0700"},
            },
        ),
        **mounts,
    }
