locals {
  # The flat form of a release holds the webhook's manifests; in the repository they stand where they are made.
  inside     = "${path.module}/deploy"
  deploy     = length(try(fileset(local.inside, "base/*"), [])) > 0 ? local.inside : "${path.module}/../../admission/deploy"
  manifests  = coalesce(var.manifests, "${local.deploy}/overlays/${var.overlay}")
  watched    = coalesce(var.manifests, local.deploy) # an overlay takes its base from beside it
  kubeconfig = pathexpand(var.kubeconfig)

  digest          = try(sha256(jsonencode({ for name in fileset(local.watched, "**") : name => filesha256("${local.watched}/${name}") })), null)
  is_kustomizable = length(try(setintersection(fileset(local.manifests, "*"), ["kustomization.yaml", "kustomization.yml", "Kustomization"]), [])) > 0

  image = var.image == null ? null : regex("^(?P<name>[^@]+?)(?::(?P<tag>[^:/@]+))?(?:@(?P<digest>.+))?$", var.image)
  images = var.image == null ? [] : [{
    for key, value in { name = var.image_name, newName = local.image.name, newTag = local.image.tag, digest = local.image.digest } : key => value if value != null
  }]
  label = "gatecli.dev/terraform"
  kustomization = {
    for key, value in {
      apiVersion = "kustomize.config.k8s.io/v1beta1"
      kind       = "Kustomization"
      resources  = ["manifests"]
      namespace  = var.namespace
      images     = local.images
      labels     = [{ pairs = { (local.label) = terraform_data.deployment.id }, includeSelectors = false }]
    } : key => value if value != null
  }
}

# What a destroy needs, and nothing that an upgrade changes: replacing it would take the webhook away.
resource "terraform_data" "deployment" {
  input = {
    kubeconfig = local.kubeconfig
    context    = var.context == null ? "" : var.context
    label      = local.label
  }

  # By label, in whatever namespace and of whatever kind: the manifests may be gone by then. The webhook
  # configurations go first, so that a webhook without pods never stands in the way.
  provisioner "local-exec" {
    when = destroy
    interpreter = [
      "/bin/sh", "-c", <<-EOT
        set -eu
        kubeconfig=$1 context=$2 selector=$3
        set -- --kubeconfig="$kubeconfig"
        test -z "$context" || set -- "$@" --context="$context"
        kubectl "$@" version >/dev/null || {
          echo "the cluster cannot be asked; if it is gone for good, remove this resource with: terraform state rm" >&2
          exit 1
        }
        kubectl "$@" delete --ignore-not-found --selector "$selector" validatingwebhookconfigurations,mutatingwebhookconfigurations
        kinds=$(kubectl "$@" api-resources --verbs=list,delete --output=name | sort -u | paste -s -d, -)
        kubectl "$@" delete --ignore-not-found --all-namespaces --selector "$selector" --timeout=5m "$kinds"
      EOT
      , "remove", self.input.kubeconfig, self.input.context
    ]
    command = "${self.input.label}=${self.id}"
  }
}

resource "terraform_data" "applied" {
  input            = terraform_data.deployment.id
  triggers_replace = sha256(jsonencode([local.digest, local.manifests, var.namespace, var.image, var.image_name, var.context, terraform_data.deployment.id]))

  lifecycle {
    precondition {
      condition     = local.is_kustomizable
      error_message = "${local.manifests} is not a folder with a kustomization.yaml; run: gatecli-admission manifests, and name its folder in manifests"
    }
    precondition {
      condition     = try(fileexists(local.kubeconfig), false)
      error_message = "${local.kubeconfig} is not a kubeconfig on this machine; name the file in kubeconfig"
    }
  }

  provisioner "local-exec" {
    interpreter = [
      "/bin/sh", "-c", <<-EOT
        set -eu
        kubeconfig=$1 context=$2 manifests=$3 kustomization=$4 timeout=$5 selector=$6
        set -- --kubeconfig="$kubeconfig"
        test -z "$context" || set -- "$@" --context="$context"
        folder=$(mktemp -d)
        trap 'rm -rf "$folder"' EXIT
        trap 'exit 130' INT TERM
        ln -s "$(cd -- "$manifests" && pwd -P)" "$folder/manifests"
        printf '%s\n' "$kustomization" > "$folder/kustomization.yaml"
        apply() { kubectl "$@" apply --kustomize "$folder"; }
        # A custom resource cannot be made until the API server serves its definition.
        apply "$@" || {
          kubectl "$@" wait --for=condition=Established --selector "$selector" --timeout=60s customresourcedefinitions
          apply "$@"
        }
        test "$timeout" = 0s || kubectl "$@" wait --for=condition=Available --all-namespaces --selector "$selector" --timeout="$timeout" deployments
      EOT
      , "apply", local.kubeconfig, var.context == null ? "" : var.context, local.manifests, jsonencode(local.kustomization), var.timeout
    ]
    command = "${local.label}=${terraform_data.deployment.id}"
  }
}
