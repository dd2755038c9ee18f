"""What people get wrong in a cluster file: each made of the real one by one change, with what the lint has to say."""

from dataclasses import dataclass

AWS, OWN = "ray_cluster.yaml", "configs/cluster-onprem.yaml"


@dataclass(frozen=True, slots=True)
class Variant:
    """`old` becomes `new` wherever it stands in `file`. The finding is on the line of `at` (default: of `new`) and says
    `what` and `remedy`, among other words; `elsewhere`: the file that it names instead."""

    file: str
    old: str
    new: str
    what: str
    remedy: str
    at: str = ""
    level: str = "error"
    elsewhere: str = ""


ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
IMAGE = "salescontrol:0.1.0-py3.12.13-ray2.60.0"
PROFILE = "- -e SALESCONTROL_PROFILE=fleet"
SOURCED = "set -a && . ~/secrets/cluster.env && set +a &&"
UP = f"{SOURCED} RAY_ADDRESS=auto salescontrol up"
HEAD, WORKER = "head_start_ray_commands:\n", "worker_start_ray_commands:\n"
SPOT = "      InstanceMarketOptions: {MarketType: spot}"
ON = "\n    docker: &gpu"
GPU_MINIMUM = "min_workers: 1\n    max_workers: 1\n    labels"
TCP = "FromPort: 8000, ToPort: 8000, IpProtocol: tcp"
NETWORK = "IpRanges: [{CidrIp: 172.31.0.0/16}]"
OPEN = "IpRanges: [{CidrIp: 0.0.0.0/0}]"
HALVES = "IpRanges: [{CidrIp: 0.0.0.0/1}, {CidrIp: 128.0.0.0/1}]"
LABEL = 'labels: {stays: "yes"}'
SHAPE = [
    Variant(AWS, "max_workers: 18", "max_wokers: 18", "'max_wokers' was unexpected", "as in ray_cluster.yaml"),
    Variant(
        AWS,
        "GPU: 1}\n    docker: *gpu",
        "GPU: one}\n    docker: *gpu",
        "GPU: must be a whole number from 0 on",
        "without quotes",
    ),
    Variant(AWS, "idle_timeout_minutes: 5", "upscaling_speed: 9", "upscaling_speed stands here twice", "keep one"),
    Variant(
        AWS, "auth:\n", "auth: &a\n  x: *a\n", "x is an alias of what it stands in", "the value itself", at="  x: *a"
    ),
    Variant(
        AWS, "head_node_type: head\n", "head_node_type: Head\n", "head_node_type Head: no such", "write head; avail"
    ),
    Variant(AWS, "head_node_type: head\n", "", "no head_node_type", "has head, cpu_worker", at="available_node_types:"),
    Variant(OWN, "min_workers: 2", 'min_workers: "2"', "must be a whole number from 0 on", "without quotes"),
    Variant(OWN, "max_workers: 2 ", "max_workers: -1 ", "must be a whole number from 0 on", "without quotes"),
    Variant(OWN, "192.0.2.11: {CPU: 8, GPU: 1}", '192.0.2.11: "2"', "192.0.2.11: must be a mapping", "name: value"),
    Variant(OWN, "[192.0.2.11, 192.0.2.12]", "[192.0.2.11, 2]", "worker_ips.1: must be text", "in quotes"),
    Variant(
        AWS,
        "{MarketType: spot}",
        '"2"',
        "InstanceMarketOptions: must be a mapping",
        "name: value",
        at="      InstanceMarketOptions:",
    ),
    Variant(
        AWS,
        "  /home/salescontrol/secrets: ~",
        "- /home/salescontrol/secrets: ~",
        "file_mounts: must be a mapping",
        "name: value",
        at="file_mounts:",
    ),
]
PROVIDER = [
    Variant(AWS, "  region: eu-central-1\n", "", "no region", "name the region", at="provider:"),
    Variant(AWS, "type: aws", "type: awss", "awss provider: not one known", "write aws or local"),
    Variant(AWS, "region: eu-central-1", "regoin: eu-central-1", "provider.regoin", "write region"),
    Variant(AWS, "zone: eu-central-1a", "zone: eu-west-1a", "eu-west-1a is not in the region", "eu-central-1a"),
    Variant(AWS, "CidrIp: 172.31.0.0/16", "CidrIp: 0.0.0.0/0", "open to everybody", "the balancer's network"),
    Variant(AWS, f"{TCP}, {NETWORK}", f'IpProtocol: "-1", {OPEN}', "all ports are open to everybody", "balancer's"),
    Variant(AWS, NETWORK, "IpRanges: {CidrIp: 0.0.0.0/0}", "not a rule as AWS wants it", "IpRanges: [{CidrIp: …}]"),
    Variant(AWS, NETWORK, HALVES, "open to almost everybody (0.0.0.0/1, 128.0.0.0/1)", "the balancer's network"),
    Variant(AWS, NETWORK, 'Ipv6Ranges: [{CidrIpv6: "2000::/3"}]', "open to almost everybody", "the balancer's"),
    Variant(AWS, "172.31.0.0/16}", "172.31.0.0/64}", "CidrIp 172.31.0.0/64: not a network", "one such as 10.0.0.0/16"),
    Variant(AWS, "172.31.0.0/16}", "172.31.5.9/16}", "is an address inside of the network", "write 172.31.0.0/16"),
    Variant(AWS, "FromPort: 8000", 'FromPort: "80a"', "FromPort '80a' is no port number", "from 0 to 65535"),
    Variant(AWS, "FromPort: 8000, ", "", "no FromPort", "from 0 to 65535", at="      - {ToPort"),
    Variant(AWS, "FromPort: 8000", "FromPort: 9000", "FromPort 9000 is more than ToPort 8000", "the smaller one"),
    Variant(OWN, "[192.0.2.11, ", "[192.0.2.10, ", "the head 192.0.2.10 is among the workers", "take it out"),
    Variant(AWS, "FromPort: 8000, ToPort: 8000", "FromPort: 80, ToPort: 80", "no rule opens port 8000", "ToPort: 8000",
            at="    IpPermissions:", level="warn"),
    Variant(AWS, f"{PROFILE}\n", f"{PROFILE}\n    - -e SALESCONTROL_SERVER__PORT=8001\n", "no rule opens port 8001",
            "FromPort: 8001", at="    IpPermissions:", level="warn"),
    Variant(AWS, "idle_timeout_minutes: 5", "idle_timeout_minutes: 0", "ends as soon as it has nothing", "minutes: 5"),
    Variant(OWN, "head_ip: 192.0.2.10", "head_ip: 10.20.30.310", "10.20.30.310 looks like", "from 0 to 255"),
    Variant(OWN, "head_ip: 192.0.2.10", "head_ip: 10.20.30.1O", "10.20.30.1O looks like", "from 0 to 255"),
    Variant(OWN, "[192.0.2.11, ", "[10.20.30, ", "10.20.30 looks like an IP address", "four numbers"),
    Variant(OWN, ", 192.0.2.12]", ", 192.0.2.11]", "192.0.2.11 stands twice", "write it once"),
    Variant(OWN, "max_workers: 2 ", "max_workers: 1 ", "1 of the 2 workers would stay unused", "write 2"),
    Variant(OWN, "min_workers: 2", "min_workers: 3", "min_workers 3 is more than max_workers 2", "write 2 or less"),
    Variant(OWN, "    192.0.2.12: {", "    192.0.2.13: {", "what 192.0.2.12 has is not known", "metadata.machines",
            at="worker_ips:", level="warn"),
]  # fmt: skip
DISK = "Ebs: {VolumeSize: 100"
INSTANCES = [
    Variant(AWS, "ami-00000000000000000", "ami-0000000", "ImageId ami-0000000: not the id", "17 (or 8) digits"),
    Variant(AWS, "ami-00000000000000000", "ami-0123456789abcdefO", "not the id of a machine image", "17 (or 8) digits"),
    Variant(AWS, DISK, DISK.replace("100", '"100 GB"'), "VolumeSize '100 GB': must be a whole number", "Size: 100"),
    Variant(
        AWS, DISK, DISK.replace("100", "8"), "VolumeSize 8: system, driver and images need", "Size: 100", level="warn"
    ),
    Variant(AWS, "MarketType: spot", "MarketType: Spot", "MarketType Spot: AWS has no such market", "MarketType: spot"),
    Variant(AWS, "{MarketType: spot}", "{}", "MarketType missing", "MarketType: spot", at="InstanceMarketOptions"),
    Variant(AWS, "{Name: salescontrol-head}", "{name: salescontrol-head}", "IamInstanceProfile with name", "{Name: …}"),
]
NODES = [
    Variant(AWS, "max_workers: 8", "max_workers: 0", "gpu_spot: there will never be one", "raise it", level="warn",
            at="max_workers: 0\n    priority"),
    Variant(AWS, "max_workers: 18", "max_workers: 12", "reached before the types' own limits", "18", level="note"),
    Variant(AWS, "c6i.2xlarge", "c6i.2xlagre", "c6i.2xlagre is not in configs/instance_types.yaml", "c6i.2xlarge"),
    Variant(AWS, "{CPU: 8}", "{CPU: 16}", "CPU 16, but a c6i.2xlarge has 8", "write CPU: 8"),
    Variant(AWS, "{CPU: 8}", "{CPU: 4}", "CPU 4 leaves 4 of a c6i.2xlarge's 8", "write CPU: 8", level="warn"),
    Variant(AWS, f"GPU: 1}}{ON}", f"GPU: 2}}{ON}", "GPU 2, but a g5.xlarge has 1", "write GPU: 1"),
    Variant(AWS, "{CPU: 0, ", "{CPU: 4, ", "other work lands there", "write CPU: 0", level="warn"),
    Variant(AWS, "{CPU: 0}", "{CPU: 2}", "the head offers 2 processors", "resources: {CPU: 0}"),
    Variant(AWS, "max_workers: 0", "max_workers: 2", "makes workers of the head's type", "write max_workers: 0"),
    Variant(AWS, "m6i.large", f"m6i.large\n{SPOT}", "the head is a spot instance", "on demand", at=SPOT),
    Variant(AWS, "c6i.2xlarge\n      ImageId: *ami", "c6i.2xlarge", "cpu_worker: no ImageId", "docs/cluster.md",
            at="    node_config:\n      InstanceType: c6i"),
    Variant(AWS, GPU_MINIMUM, GPU_MINIMUM.replace("1", "9", 1), "min_workers 9 is more than max_workers", "1 or less"),
    Variant(AWS, GPU_MINIMUM, GPU_MINIMUM.replace("1", "0", 1), "without a GPU node on demand", "min_workers: 1",
            at="  gpu_spot:"),
    Variant(AWS, "max_workers: 18", "max_workers: 1", "less than all types' min_workers together", "write 18"),
]  # fmt: skip
IMAGES = [
    Variant(AWS, f"  image: {ECR}/{IMAGE}-cpu\n", "", "no image", "name an image", at="docker:"),
    Variant(AWS, "ray2.60.0-gpu", "ray2.60.0-cpu", "a GPU, but the image", "--target gpu", at="      worker_image:"),
    Variant(OWN, "ray2.60.0-gpu", "ray2.60.0-cpu", "a GPU, but the image", "--target gpu", at="  worker_image:"),
    Variant(AWS, "py3.12.13-ray2.60.0-gpu", "py3.12.12-ray2.60.0-gpu", "Python 3.12.12, but Dockerfile has", "equal"),
    Variant(AWS, f"{IMAGE}-gpu", IMAGE.replace("0.1.0", "0.2.0") + "-gpu",
            "version 0.2.0, but the head's image is 0.1.0", "from one checkout"),
    Variant(AWS, "ray2.60.0-cpu", "ray2.59.0-cpu", "Ray 2.59.0, but constraints.txt has 2.60.0", "anew"),
    Variant(AWS, f"{IMAGE}-cpu", "salescontrol:latest", "no version", "-cpu or -gpu"),
    Variant(AWS, f"{IMAGE}-cpu", "salescontrol:1.0-cpu", "does not say which Python", "tag it"),
    Variant(AWS, "\nsetup_commands: []", "\nsetup_commands: [pip install ray==2.40.0]", "installs Ray 2.40.0",
            "leave it out", at="setup_commands: [pip"),
    Variant(AWS, "\nsetup_commands: []", "", "setup_commands is missing", "write setup_commands: []",
            at="# SalesControl on AWS"),
    Variant(AWS, "[--gpus all]", "[]", "not told to take the GPU", "--gpus all", at="  gpu_worker:", level="warn"),
]  # fmt: skip
LOGIN = f"docker login --username AWS --password-stdin {ECR}"
ELSEWHERE = ECR.replace("123456789012", "123456789013")
REGISTRY = [
    Variant(AWS, "--region eu-central-1", "--region eu-west-1", "a password for eu-west-1", "--region eu-central-1"),
    Variant(AWS, LOGIN, LOGIN.replace(ECR, ELSEWHERE), f"log in at {ELSEWHERE}", "address of the images"),
    Variant(AWS, ECR, ECR.replace("central", "west"), "images come from eu-west-1", "in eu-central-1", level="warn"),
    Variant(AWS, ECR, ECR.replace("123456789012", "12345678901"), "12345678901 is no account", "12 digits"),
]
CONTAINERS = [
    Variant(
        AWS,
        PROFILE,
        f"{PROFILE}\n    - --network bridge",
        "--network bridge: Ray's nodes",
        "leave it out",
        at="- --network",
    ),
    Variant(AWS, "[--gpus all]", "[--gpus all, --net=none]", "--net=none: Ray's nodes", "leave it out"),
    Variant(OWN, "[--gpus all]", "[--gpus all, --network=bridge]", "--network=bridge: Ray's nodes", "leave it out"),
    Variant(AWS, "    - --ulimit nofile=65536:65536\n", "", "number of open files", "--ulimit nofile", at="docker:"),
]
COMMANDS = [
    Variant(AWS, "ray start --head --port", "ray start --port", "has no --head", "add --head"),
    Variant(AWS, "ray start --address", "ray start --head --address", "a head of its own", "leave --head out"),
    Variant(AWS, "ray start --address=$RAY_HEAD_IP:6379", "echo", "has no `ray start`", "write them", at=WORKER),
    Variant(AWS, "--dashboard-host=127.0.0.1", "--dashboard-host=0.0.0.0", "dashboard listens on 0.0.0.0", "127.0.0.1"),
    Variant(OWN, "--dashboard-host=127.0.0.1", "--dashboard-host=::", "dashboard listens on ::", "127.0.0.1"),
    Variant(AWS, " --dashboard-host=127.0.0.1", "", "is left to Ray", "--dashboard-host=", at="ray start --head"),
    Variant(AWS, "--num-cpus=0", "--num-cpus=2", "the head offers its processors", "--num-cpus=0"),
    Variant(AWS, f"{SOURCED}\n    ray start --head", "ray start --head", "without the environment file", "set -a"),
    Variant(AWS, f"{SOURCED}\n    ray start --addr", "ray start --addr", "without the environment file", "set -a"),
    Variant(AWS, "$RAY_HEAD_IP:6379", "$RAY_HEAD_IP:6380", "the head listens on port 6379", "$RAY_HEAD_IP:6379"),
    Variant(AWS, """'{"gcs_rpc""", """'{gcs_rpc""", "--system-config is no JSON object", "gcs_rpc_server_reconnect"),
    Variant(AWS, "--autoscaling-config=~/ray_bootstrap_config.yaml\n", "\n", "would never start a worker", "add --auto",
            at="ray start --head"),
    Variant(AWS, f"{HEAD}  - ray stop\n", HEAD, "does not come first", "ray stop", at="  - >-"),
    Variant(AWS, "ray start --head", "ray start --block --head", "never returns", "leave it out", at="  - >-"),
    Variant(AWS, f"  - {UP}\n", "", "nothing deploys the applications", "salescontrol up", at=HEAD),
    Variant(AWS, "RAY_ADDRESS=auto salescontrol", "salescontrol", "starts another Ray beside", "RAY_ADDRESS=auto",
            at=f"  - {SOURCED} salescontrol"),
    Variant(AWS, "salescontrol up\n", "salescontrol upp\n", "nothing deploys the applications", "salescontrol up",
            at=HEAD),
    Variant(AWS, UP, "RAY_ADDRESS=auto salescontrol up", "comes up without the environment file", "set -a"),
    Variant(AWS, "s\": 600}'", "s\": 600}", "can't read this command: No closing quotation", "close every quote",
            at=f"  - >-\n    {SOURCED}\n    ray start --head"),
    Variant(AWS, "salescontrol up\n", "salescontrol up --block\n", "`salescontrol up --block` never returns", "leave"),
    Variant(AWS, "reconnect_timeout_s", "reconect_timeout_s", "Ray knows no gcs_rpc_server_reconect_timeout_s",
            "write gcs_rpc_server_reconnect_timeout_s", at="--system-config="),
    Variant(AWS, WORKER, "worker_start_commands:\n", "'worker_start_commands' was unexpected", "as in"),
]  # fmt: skip
SECRETS = [
    Variant(AWS, "RAY_AUTH_MODE=token", "RAY_AUTH_MODE=disabled", "no RAY_AUTH_MODE=token", "RAY_AUTH_MODE=token",
            at="  run_options:"),
    Variant(AWS, "    - -e RAY_AUTH_TOKEN_PATH=/home/salescontrol/secrets/ray_token\n", "", "nobody says where it is",
            "RAY_AUTH_TOKEN_PATH=/home/salescontrol/secrets/ray_token", at="  run_options:"),
    Variant(AWS, PROFILE, f"{PROFILE} -e RAY_AUTH_TOKEN=0123456789", "RAY_AUTH_TOKEN stands in the file", "move it"),
    Variant(AWS, PROFILE, f"{PROFILE} -e ADMIN_TOKEN=changeme-admin-token", "is published", "put another"),
    Variant(OWN, PROFILE, f"{PROFILE} -e DATABASE_URL=postgresql://a:b@c", "DATABASE_URL stands in", "move it"),
    Variant(AWS, "--num-cpus=0", "--num-cpus=0 --redis-password=hunter2", "--redis-password stands in", "move it"),
    Variant(AWS, "  type: aws", "  type: aws\n  aws_credentials: {aws_secret_access_key: abcd}",
            "aws_secret_access_key stands in the file", "leave it out", at="  aws_credentials"),
    Variant(AWS, "  /home/salescontrol/secrets:", "  /home/salescontrol/secret:", "is not in any of file_mounts",
            "add /home/salescontrol/secrets", at="- -e RAY_AUTH_TOKEN_PATH"),
    Variant(AWS, "cluster.env && set +a &&\n    ray start --head", "clusters.env && set +a &&\n    ray start --head",
            "~/secrets/clusters.env: no such file in", "write cluster.env"),
    Variant(AWS, "secrets/ray_token", "secrets/ray_tokn", "ray_tokn: no such file in", "write ray_token"),
    Variant(AWS, "\nsetup_commands: []", "\nsetup_commands: ['source ~/secrets/extra.env; true']",
            "~/secrets/extra.env: no such file in", "put it there", at="setup_commands: ['"),
    Variant(AWS, "\nsetup_commands: []", "\nsetup_commands: ['. $HOME/extra.env']", "is not in any of file_mounts",
            "to file_mounts", at="setup_commands: ['"),
    Variant(AWS, "~/.config/salescontrol/cluster", "./secrets", "is in the checkout", "keep it outside"),
    Variant(AWS, "~/.config/salescontrol/cluster", "~/elsewhere", "is not on this machine", "docs/", level="warn"),
]  # fmt: skip
DEMAND = [
    Variant(AWS, "PROFILE=fleet", "PROFILE=flet", "no such profile", "name a profile"),
    Variant(AWS, f"    {PROFILE}\n", "", "the profile of a laptop", "SALESCONTROL_PROFILE=fleet", at="  run_options:"),
    Variant(AWS, "PROFILE=fleet", "PROFILE=gpu", "asks for CPU 0.2, audio_disk 0.001", "give a node type",
            at="- name: Ingest", elsewhere="configs/serve.gpu.yaml"),
    Variant(AWS, PROFILE, f"{PROFILE}\n    - -e SALESCONTROL_ASR__LANGAGE=ru", "asr.langage: unknown setting",
            "SALESCONTROL_ASR__LANGAGE", at="- -e SALESCONTROL_ASR"),
    Variant(AWS, LABEL, 'labels: {stay: "yes"}', 'no node type has the label stays: "yes"', "that always runs",
            at="available_node_types:", level="note"),
    Variant(OWN, ", GPU: 1}", "}", "whisper/Fast asks for GPU 1", "give a node type",
            at="- name: Fast", elsewhere="configs/serve.fleet.yaml"),
    Variant(OWN, "{CPU: 8, ", "{CPU: 1, ", "CPU at the least", "add nodes", at="max_workers: 2"),
]  # fmt: skip
VARIANTS = [*SHAPE, *PROVIDER, *INSTANCES, *NODES, *IMAGES, *REGISTRY, *CONTAINERS, *COMMANDS, *SECRETS, *DEMAND]
