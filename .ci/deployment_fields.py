"""Own checks of deployment files, for what the installed validators pass silently: names of fields that their schemas leave open,
references between parts of a compose file, variables of the Lambda Web Adapter, and settings that every deployment must set.

Usage: deployment_fields.py CHECK FILE…   (exit 1 with one line for each fault)
"""

import json
import re
import sys
from pathlib import Path

import yaml

faults = []


def fault(place, text):
    faults.append(f"{place}: {text}")


class Anything:
    """A part of a document whose keys are the user's, or which another validator knows."""


ANY = Anything()


def hold(place, document, known):
    """Holds the keys of a document against a tree of those that are documented."""
    if known is ANY:
        return
    if isinstance(known, list):
        if not isinstance(document, list):
            fault(place, f"is {document!r}, not a list")
            return
        for index, item in enumerate(document):
            hold(f"{place}[{index}]", item, known[0])
        return
    if not isinstance(document, dict):
        fault(place, f"is {document!r}, not a mapping")
        return
    for key, value in document.items():
        if key not in known:
            fault(f"{place}.{key}", f"is no documented field; known are {', '.join(sorted(known))}")
        else:
            hold(f"{place}.{key}", value, known[key])


META = {"name": ANY, "labels": ANY, "annotations": ANY, "namespace": ANY}

PROBE = {
    "httpGet": {"path": ANY, "port": ANY},
    "periodSeconds": ANY,
    "timeoutSeconds": ANY,
    "failureThreshold": ANY,
    "initialDelaySeconds": ANY,
}

ENV = [{"name": ANY, "value": ANY, "valueFrom": {"secretKeyRef": {"name": ANY, "key": ANY}}}]

# Cloud Run's documentation of its YAML, as far as it is used here.
CLOUD_RUN = {
    "apiVersion": ANY,
    "kind": ANY,
    "metadata": META,
    "spec": {
        "template": {
            "metadata": META,
            "spec": {
                "serviceAccountName": ANY,
                "containerConcurrency": ANY,
                "timeoutSeconds": ANY,
                "containers": [
                    {
                        "name": ANY,
                        "image": ANY,
                        "command": ANY,
                        "args": ANY,
                        "ports": [{"name": ANY, "containerPort": ANY}],
                        "env": ENV,
                        "resources": {"limits": {"cpu": ANY, "memory": ANY}},
                        "startupProbe": PROBE,
                        "livenessProbe": PROBE,
                        "readinessProbe": PROBE,
                        "volumeMounts": [{"name": ANY, "mountPath": ANY, "readOnly": ANY}],
                    }
                ],
                "volumes": [
                    {
                        "name": ANY,
                        "csi": {"driver": ANY, "readOnly": ANY, "volumeAttributes": {"bucketName": ANY, "mountOptions": ANY}},
                        "nfs": {"server": ANY, "path": ANY, "readOnly": ANY},
                        "emptyDir": {"medium": ANY, "sizeLimit": ANY},
                        "secret": ANY,
                    }
                ],
            },
        }
    },
}
CLOUD_RUN_ANNOTATIONS = {
    "service": {
        "description", "ingress", "minScale", "maxScale", "scalingMode", "manualInstanceCount", "invoker-iam-disabled",
    },
    "template": {"execution-environment", "startup-cpu-boost", "cpu-throttling", "vpc-access-egress", "network-interfaces"},
}

CONTAINER = {
    "name": ANY, "image": ANY, "imagePullPolicy": ANY, "args": ANY, "env": ENV, "resources": ANY, "securityContext": ANY,
    "ports": [{"name": ANY, "containerPort": ANY, "protocol": ANY}], "readinessProbe": PROBE, "livenessProbe": PROBE,
    "startupProbe": PROBE,
}

CUSTOM = {
    ("monitoring.coreos.com/v1", "ServiceMonitor"): {
        "selector": {"matchLabels": ANY, "matchExpressions": ANY},
        "namespaceSelector": {"any": ANY, "matchNames": ANY},
        "endpoints": [
            {
                "port": ANY, "path": ANY, "interval": ANY, "scrapeTimeout": ANY, "scheme": ANY,
                "authorization": {"type": ANY, "credentials": {"name": ANY, "key": ANY}},
            }
        ],
    },
    ("monitoring.coreos.com/v1", "PrometheusRule"): {
        "groups": [
            {
                "name": ANY, "interval": ANY,
                "rules": [
                    {"alert": ANY, "record": ANY, "expr": ANY, "for": ANY, "keep_firing_for": ANY, "labels": ANY, "annotations": ANY}
                ],
            }
        ]
    },
    ("serving.kserve.io/v1alpha1", "ServingRuntime"): {
        "annotations": ANY, "labels": ANY, "protocolVersions": ANY, "multiModel": ANY, "volumes": ANY,
        "supportedModelFormats": [{"name": ANY, "version": ANY, "autoSelect": ANY, "priority": ANY}],
        "containers": [CONTAINER],
    },
    ("serving.kserve.io/v1beta1", "InferenceService"): {
        "predictor": {
            "automountServiceAccountToken": ANY, "terminationGracePeriodSeconds": ANY, "minReplicas": ANY, "maxReplicas": ANY,
            "serviceAccountName": ANY,
            "model": {"modelFormat": {"name": ANY, "version": ANY}, "runtime": ANY, "protocolVersion": ANY, "storageUri": ANY},
        }
    },
}


def documents(path):
    return [document for document in yaml.safe_load_all(Path(path).read_text()) if document]


def cloud_run(path):
    for service in documents(path):
        if (service.get("apiVersion"), service.get("kind")) != ("serving.knative.dev/v1", "Service"):
            fault(path, f"is a {service.get('apiVersion')} {service.get('kind')}, not a serving.knative.dev/v1 Service")
            continue
        hold(path, service, CLOUD_RUN)
        template = service["spec"]["template"]
        for where, part in (("service", service), ("template", template)):
            for name in part.get("metadata", {}).get("annotations", {}):
                prefix, _, plain = name.rpartition("/")
                if prefix != "run.googleapis.com" or plain not in CLOUD_RUN_ANNOTATIONS[where]:
                    fault(path, f"the {where} has the annotation {name}, which is not documented there")


def custom(path):
    found = 0
    for document in documents(path):
        known = CUSTOM.get((document.get("apiVersion"), document.get("kind")))
        if known is not None:
            found += 1
            hold(f"{path}: {document['kind']}.metadata", document.get("metadata"), META)
            hold(f"{path}: {document['kind']}.spec", document.get("spec"), known)
    if not found:
        fault(path, f"has no document of the kinds {', '.join(kind for _, kind in CUSTOM)}")


def compose(path):
    """What an engine would refuse and the schema cannot see."""
    document = documents(path)[0]
    services = document["services"]
    for name, service in services.items():
        place = f"{path}: {name}"
        for other, how in (service.get("depends_on") or {}).items():
            if other not in services:
                fault(place, f"depends on {other}, which is no service")
            elif how.get("condition") == "service_healthy" and not services[other].get("healthcheck"):
                fault(place, f"waits for {other} to be healthy, which has no health check")
            elif services[other].get("profiles") and not set(services[other]["profiles"]) >= set(service.get("profiles", [""])):
                fault(place, f"depends on {other}, which is not in its profiles")
        for entry in service.get("configs", []):
            if entry["source"] not in document.get("configs", {}):
                fault(place, f"uses the config {entry['source']}, which is not declared")
        for entry in service.get("volumes", []):
            if entry.split(":")[0] not in document.get("volumes", {}):
                fault(place, f"uses the volume {entry.split(':')[0]}, which is not declared")
        for part in ("healthcheck", "deploy"):
            if not service.get(part):
                fault(place, f"has no {part}")
        limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
        if not {"cpus", "memory", "pids"} <= set(limits):
            fault(place, "has no limits of cpus, memory and pids")
        for port in service.get("ports", []):
            if not port.startswith("127.0.0.1:"):
                fault(place, f"publishes {port} to other machines")
    root = Path(path).resolve().parent
    for name, config in document.get("configs", {}).items():
        if not (root / config["file"]).is_file():
            fault(f"{path}: config {name}", f"there is no file {config['file']}")


# Version 1 of the adapter. Names without AWS_LWA_ go in its version 2.
ADAPTER = {
    "AWS_LWA_PORT", "AWS_LWA_READINESS_CHECK_PORT", "AWS_LWA_READINESS_CHECK_PATH", "AWS_LWA_READINESS_CHECK_PROTOCOL",
    "AWS_LWA_READINESS_CHECK_HEALTHY_STATUS", "AWS_LWA_ASYNC_INIT", "AWS_LWA_REMOVE_BASE_PATH", "AWS_LWA_ENABLE_COMPRESSION",
    "AWS_LWA_INVOKE_MODE", "AWS_LWA_PASS_THROUGH_PATH", "AWS_LWA_AUTHORIZATION_SOURCE", "AWS_LWA_ERROR_STATUS_CODES",
}
WITHOUT_PREFIX = {"READINESS_CHECK_PATH", "READINESS_CHECK_PORT", "READINESS_CHECK_PROTOCOL", "ASYNC_INIT", "REMOVE_BASE_PATH"}


def adapter(path):
    text = Path(path).read_text()
    set_here = set(re.findall(r"(?<![A-Z_])([A-Z][A-Z_]+)=", text))
    for name in sorted(set_here):
        if name.startswith("AWS_LWA_") and name not in ADAPTER:
            fault(path, f"{name} is no variable of the Lambda Web Adapter")
        if name in WITHOUT_PREFIX:
            fault(path, f"{name} goes with version 2 of the Lambda Web Adapter; write AWS_LWA_{name}")
    for name in ("AWS_LWA_PORT", "AWS_LWA_READINESS_CHECK_PATH", "AWS_LWA_READINESS_CHECK_HEALTHY_STATUS"):
        if name not in set_here:
            fault(path, f"{name} is not set")


def access(path):
    """A file that runs the server says which host names it has and who may call it, and why, on a line before."""
    lines = Path(path).read_text().splitlines()
    for what, words in (("server.hosts", r"TITANIC_SERVER__HOSTS|^\s+hosts:"), ("server.auth", r"TITANIC_SERVER__AUTH|^\s+auth:")):
        places = [number for number, line in enumerate(lines) if re.search(words, line) and not line.lstrip().startswith(("#", "//"))]
        if not places:
            fault(path, f"does not set {what}")
        if what != "server.auth":
            continue
        for number in places:
            if lines[number].lstrip().startswith("|") and lines[number].count("|") >= 4:
                continue  # a table with a column for the reason
            above = number - 1
            while lines[above].strip() == "{" or lines[above].endswith("\\"):
                above -= 1
            if not lines[above].lstrip().startswith(("#", "//")):
                fault(f"{path}:{number + 1}", "sets server.auth without a comment that says why")


def dashboard(path):
    """Grafana has no linter here: ids are unique and every panel has a title, a data source and an expression."""
    document = json.loads(Path(path).read_text())
    ids = [panel.get("id") for panel in document["panels"]]
    if len(ids) != len(set(ids)):
        fault(path, "two panels have the same id")
    for panel in document["panels"]:
        if panel["type"] == "row":
            continue
        for part in ("title", "datasource", "targets", "gridPos"):
            if not panel.get(part):
                fault(path, f"the panel {panel.get('id')} has no {part}")
        for target in panel.get("targets", []):
            if not target.get("expr"):
                fault(path, f"a target of the panel {panel.get('title')} has no expr")


CHECKS = {check.__name__: check for check in (cloud_run, custom, compose, adapter, access, dashboard)}

if __name__ == "__main__":
    for argument in sys.argv[2:]:
        CHECKS[sys.argv[1]](argument)
    print("\n".join(faults), end="\n" if faults else "")
    sys.exit(bool(faults))
