locals {
  _switches = {
    "compute.skipDefaultNetworkCreation"              = "no network but the one that is made here"
    "iam.automaticIamGrantsForDefaultServiceAccounts" = "default accounts get no role by themselves"
    "iam.disableServiceAccountKeyCreation"            = "no key of an account can be taken away"
    "iam.disableServiceAccountKeyUpload"              = "nor brought along"
    "storage.publicAccessPrevention"                  = "no bucket is public"
    "storage.uniformBucketLevelAccess"                = "access to objects is the bucket's alone"
  }

  _lists = {
    "gcp.resourceLocations" = var.locations
    "run.allowedIngress" = concat(
      ["is:internal", "is:internal-and-cloud-load-balancing"],
      var.public_services ? ["is:all"] : [],
    )
  }

  policies = var.enabled ? merge(
    { for name, why in local._switches : name => { allowed = null } },
    { for name, allowed in local._lists : name => { allowed = allowed } },
  ) : {}
}

resource "google_org_policy_policy" "default" {
  for_each = local.policies
  name     = "projects/${var.project_id}/policies/${each.key}"
  parent   = "projects/${var.project_id}"

  spec {
    rules {
      enforce = each.value.allowed == null ? "TRUE" : null

      dynamic "values" {
        for_each = each.value.allowed == null ? [] : [each.value.allowed]
        content {
          allowed_values = values.value
        }
      }
    }
  }
}
